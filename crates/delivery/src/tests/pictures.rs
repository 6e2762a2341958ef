//! Pictures in the sizes that the page asks for.

use std::{io::Cursor, time::Duration};

use catalog::{
    PictureId,
    import::{Batch, upsert_picture},
    picture,
};
use http::{Method, StatusCode, header};
use image::{ImageFormat, ImageReader, RgbImage};
use kernel::{Fault, blob::BlobKey, testkit::World};

use super::House;

/// Enters a picture of 1,000 by 500 pixels and gives its number and the name of its blob.
async fn add_picture(house: &House) -> (PictureId, String) {
    let mut png = Cursor::new(Vec::new());
    let picture =
        RgbImage::from_fn(1000, 500, |x, y| image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 90]));
    picture.write_to(&mut png, ImageFormat::Png).expect("a picture");
    let png = png.into_inner();
    let facts = picture::facts(&png).expect("a good picture");
    house.put(&facts.blob_key, &png).await;
    let key = facts.blob_key.clone();
    let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
    let entered = house.ctx.db().write(move |tx| upsert_picture(tx, &mut Batch::new(&ids, now), &facts));
    let entered: Result<PictureId, Fault> = entered.await;
    (entered.expect("is entered"), key)
}

fn path(house: &House, picture: PictureId, size: &str) -> String {
    let expires = house.ctx.now().plus(Duration::from_hours(1));
    let token = house.ctx.signer().grant(picture::GRANT, &picture.to_string(), expires);
    format!("/pictures/{picture}/{size}?t={token}")
}

kernel::on_both_engines! {
    async fn a_picture_comes_in_the_size_that_is_asked_for(world: World) {
        let house = House::new(&world.ctx);
        let (picture, source) = add_picture(&house).await;
        for (size, width, height) in [("96", 96, 48), ("384", 384, 192), ("1536", 1000, 500)] {
            let answer = house.get(&path(&house, picture, size)).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
            assert_eq!(answer.header(&header::CONTENT_TYPE), "image/jpeg");
            assert_eq!(answer.header(&header::CACHE_CONTROL), "public, max-age=31536000, immutable");
            let reader = ImageReader::with_format(Cursor::new(&answer.body), ImageFormat::Jpeg);
            assert_eq!(reader.into_dimensions().expect("a JPEG"), (width, height));
            let tag = answer.header(&header::ETAG).to_owned();
            let asked = [(header::IF_NONE_MATCH, tag.as_str())];
            let same = house.ask(Method::GET, &path(&house, picture, size), &asked).await;
            assert_eq!(same.status, StatusCode::NOT_MODIFIED);
        }
        // What was made once is kept, so the next life of the program needs the source no more.
        house.ctx.blobs().delete(&BlobKey::new(source.as_str()).expect("ours")).await.expect("is deleted");
        let next = House::new(&house.ctx);
        assert_eq!(next.get(&path(&next, picture, "384")).await.status, StatusCode::OK);
        next.get(&path(&next, picture, "768")).await.assert_absent();
    }

    async fn a_picture_needs_its_own_signature(world: World) {
        let house = House::new(&world.ctx);
        let (picture, _) = add_picture(&house).await;
        let good = path(&house, picture, "384");
        assert_eq!(house.get(&good).await.status, StatusCode::OK);
        let bare = good.split('?').next().expect("a path").to_owned();
        let of_media = format!("{bare}?t={}", house.token(catalog::MediaId(picture.0)));
        let other = path(&house, PictureId(7), "384").replace("/7/", &format!("/{picture}/"));
        for path in [bare.clone(), format!("{bare}?t="), of_media, other, good.replace("/384", "/385")] {
            house.get(&path).await.assert_absent();
        }
        house.get(&path(&house, PictureId(7), "384")).await.assert_absent();
        world.clock.advance(Duration::from_hours(1));
        house.get(&good).await.assert_absent();
    }

    async fn many_who_ask_for_a_new_size_at_once_all_get_it(world: World) {
        let house = std::sync::Arc::new(House::new(&world.ctx));
        let (picture, _) = add_picture(&house).await;
        let askers: Vec<_> = (0..20)
            .map(|_| {
                let (house, path) = (house.clone(), path(&house, picture, "192"));
                tokio::spawn(async move { house.get(&path).await })
            })
            .collect();
        for asker in askers {
            assert_eq!(asker.await.expect("no panic").status, StatusCode::OK);
        }
    }
}
