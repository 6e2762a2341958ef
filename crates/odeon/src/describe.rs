//! The API's description, made to say what is true of every operation and would be noise at each handler: that problems
//! come as `application/problem+json`, and what a body of JSON can be refused with.

use kernel::{Problem, http::JSON_BYTES_MAX};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{Content, OpenApi, PathItem, Ref, RefOr, Response, path::Operation},
};

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// Completes the description.
pub(crate) fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            if takes_json(operation) {
                refusals(operation);
            }
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    say_that_it_is_a_problem(response);
                }
            }
        }
    }
    if let Some(components) = &mut document.components {
        components.schemas.entry(Problem::name().into_owned()).or_insert_with(Problem::schema);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn takes_json(operation: &Operation) -> bool {
    match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key(JSON),
        _ => false,
    }
}

/// What `kernel::http::Json` answers to a body that it can't take.
fn refusals(operation: &mut Operation) {
    let all = [
        ("408", "The body did not come in time".to_owned()),
        ("413", format!("The body has more than {JSON_BYTES_MAX} bytes")),
        ("415", "The body is not said to be JSON".to_owned()),
        ("422", "The body can't be taken; the problem says why".to_owned()),
    ];
    for (status, words) in all {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| {
            let content = Content::new(Some(Ref::from_schema_name(Problem::name())));
            let mut response = Response::new(words);
            response.content.insert(JSON.to_owned(), RefOr::T(content));
            RefOr::T(response)
        });
    }
}

fn say_that_it_is_a_problem(response: &mut Response) {
    let problem = Ref::from_schema_name(Problem::name()).ref_location;
    let is_problem = |content: &RefOr<Content>| {
        let RefOr::T(content) = content else { return false };
        matches!(&content.schema, Some(RefOr::Ref(named)) if named.ref_location == problem)
    };
    if response.content.get(JSON).is_some_and(is_problem)
        && let Some(content) = response.content.shift_remove(JSON)
    {
        response.content.insert(PROBLEM_JSON.to_owned(), content);
    }
}

#[cfg(test)]
mod tests {
    use utoipa::OpenApi as _;

    use super::*;

    /// A thing.
    #[derive(utoipa::ToSchema)]
    #[expect(dead_code, reason = "only its description is looked at")]
    struct Thing {
        name: String,
    }

    #[utoipa::path(post, path = "/things", request_body = Thing,
        responses((status = 201, body = Thing), (status = 404, body = Problem)))]
    #[expect(dead_code, reason = "only its description is looked at")]
    fn add_thing() {}

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(add_thing))]
    struct Described;

    #[test]
    fn problems_have_their_own_type_and_bodies_their_refusals() {
        let mut document = Described::openapi();
        complete(&mut document);
        let text = serde_json::to_value(&document).unwrap();
        let responses = &text["paths"]["/things"]["post"]["responses"];
        assert!(responses["201"]["content"]["application/json"].is_object());
        for status in ["404", "408", "413", "415", "422"] {
            let content = responses[status]["content"].as_object().unwrap();
            assert_eq!(content.keys().collect::<Vec<_>>(), [PROBLEM_JSON], "{status}");
        }
        assert!(text["components"]["schemas"]["Problem"].is_object());
    }
}
