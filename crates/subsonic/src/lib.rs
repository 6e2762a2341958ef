//! The dialect of music apps: OpenSubsonic, API version 1.16.1.
//!
//! It owns nothing but words: it reads requests under `/rest/` in the way of that API, asks the services of the other
//! domains what they know or have them do what is asked, and answers in JSON, JSONP or XML. It keeps no table, decides
//! no visibility and never speaks to a store. What it can't answer truthfully it refuses with a sentence.
//!
//! Start reading at `routes`, then `sign_in`, then `endpoints` for the list of methods.

mod call;
mod endpoints;
mod error;
mod facts;
mod folders;
mod ids;
mod params;
mod render;
mod routes;
mod shape;
mod sign_in;
#[cfg(test)]
mod tests;
mod tree;
mod whole;

pub use routes::{Config, routes};

/// The names of all methods of the API.
pub fn methods() -> impl Iterator<Item = &'static str> {
    endpoints::names()
}
