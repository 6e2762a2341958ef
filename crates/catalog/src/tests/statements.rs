//! Every statement of the catalogue is prepared on both engines, and both planners are asked.

use kernel::{
    db::STATEMENTS,
    on_both_engines,
    testkit::{World, is_made},
};

on_both_engines! {
    async fn no_statement_reads_a_whole_table(world: World) {
        let mut asked = 0;
        for statement in STATEMENTS.iter().filter(|one| one.place.contains("catalog/src/store")) {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared");
            // A list's own ids, taken apart, are what is read whole.
            let whole = plan.iter().any(|line| line.contains("Seq Scan")
                || line.starts_with("SCAN ") && !line.contains("wanted")
                    && !line.contains("CONSTANT ROW") && !is_made(&plan, line));
            assert!(!whole || statement.scan.is_some(), "{}:\n{}", statement.place, plan.join("\n"));
            asked += 1;
        }
        assert!(asked > 70, "the statements are found: {asked}");
    }

    async fn every_list_is_read_along_its_index_without_sorting(world: World) {
        let mut asked = 0;
        let keys = [") > ($1, $2", ") < ($1, $2", ") < ($2, $3)"];
        let lists = STATEMENTS.iter().filter(|one| keys.iter().any(|key| one.sqlite.contains(key)));
        for statement in lists.filter(|one| one.place.contains("catalog/src/store")) {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared");
            let sorts = plan.iter().any(|line| {
                // Sorting within the choice of an artist's picture is of a few rows.
                (line.starts_with("USE TEMP B-TREE") && !statement.sqlite.contains("catalog_artist ar LEFT"))
                    || line.trim_start().trim_start_matches("->").trim_start().starts_with("Sort") && !line.starts_with("  ")
            });
            assert!(!sorts, "{}:\n{}", statement.place, plan.join("\n"));
            asked += 1;
        }
        // By cursor artists, and those of them who perform, four orders of albums, both ways through years, genres, tracks,
        // videos, radio stations, what is kept of encoded music; seven orders by offset; two counts of years; four orders
        // of a listener's marks on four kinds of things; bookmarks.
        assert_eq!(asked, 13 + 7 + 2 + 16 + 1);
    }
}
