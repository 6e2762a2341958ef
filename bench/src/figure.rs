//! One measured figure beside its peer's.

use serde_json::json;

/// Prints a figure as one JSON line.
pub(crate) fn print(name: &str, value: f64, unit: &str, peer: &str, peer_value: f64) {
    let round = |value: f64| (value * 100.0).round() / 100.0;
    println!(
        "{}",
        json!({ "name": name, "value": round(value), "unit": unit, "peer": peer, "peer_value": round(peer_value) })
    );
}
