//! The tables of folders, files and problems.

mod files;
mod folders;
mod problems;

pub(super) use files::{
    Candidate, KnownFile, NewFile, PlacedFile, State, any_file, by_sample, by_stat, by_work, claim_file,
    file_at, files_to_place, insert_file, mark_missing, mark_missing_below, of_folder, page_in_state,
    set_beside, set_state, update_file,
};
pub(super) use folders::{
    KnownFolder, folders_after, forget_folders, insert_folder, set_folder, set_folder_gone,
};
pub(super) use problems::{
    ProblemOf, clear_problem, clear_problem_of_kind, clear_walk_problems, problem_of_kind, put_problem,
};
