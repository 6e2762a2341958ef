//! One measured figure beside its peer's.

use serde_json::json;

/// Prints a figure as one JSON line.
pub(crate) fn print(name: &str, value: f64, unit: &str, peer: &str, peer_value: f64) {
    let line = json!({
        "name": name,
        "value": rounded(value),
        "unit": unit,
        "peer": peer,
        "peer_value": rounded(peer_value),
    });
    println!("{line}");
}

/// Prints a figure that has no peer but its goal, or is itself the ratio to one.
pub(crate) fn print_alone(name: &str, value: f64, unit: &str, peer: &str) {
    let line =
        json!({ "name": name, "value": rounded(value), "unit": unit, "peer": peer, "peer_value": null });
    println!("{line}");
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The middle one; of an even number the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// A count as the number that rates are made of.
#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2⁵²")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_of_odd_and_even_numbers() {
        assert!((median(&[9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[9.0, 1.0, 2.0, 4.0]) - 3.0).abs() < 1e-9);
    }
}
