//! Parameters: from the address and, in a form, from the body; the same name may come several times.

use kernel::Time;

use crate::error::Error;

/// Most parameters of a request; a playlist of more tracks than this is not sent at once.
pub(crate) const PARAMS_MAX: usize = 50_000;

/// The longest time in seconds; more becomes that. Nothing plays for so long.
const SECONDS_MAX: u64 = 1_000_000;

/// The parameters of a request in their order.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads what stands after the question mark, and then a form if there is one.
    pub(crate) fn read(query: &str, form: &[u8]) -> Result<Self, Error> {
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
        let read: Vec<_> =
            pairs.take(PARAMS_MAX + 1).map(|(name, value)| (name.into(), value.into())).collect();
        if read.len() > PARAMS_MAX {
            return Err(Error::refused(format!(
                "A request has at most {PARAMS_MAX} parameters; send several."
            )));
        }
        Ok(Self(read))
    }

    /// The first of this name.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The first of this name that says something.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// Every one of this name, in order.
    pub(crate) fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// One that must be there; it may be empty.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Error> {
        self.first(name).ok_or_else(|| Error::missing(name))
    }

    /// A whole number that is not negative; one above `max` becomes that, as the API has it for sizes of lists.
    pub(crate) fn number(&self, name: &str, default: u32, max: u32) -> Result<u32, Error> {
        let Some(text) = self.filled(name) else { return Ok(default) };
        let number: u64 = text
            .parse()
            .map_err(|_| Error::refused(format!("{name} must be a whole number from 0 on, not {text:?}.")))?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX).min(max))
    }

    /// A length of time in seconds, which may be no whole number: in milliseconds. 0 if it is not said.
    pub(crate) fn seconds(&self, name: &str) -> Result<u64, Error> {
        let Some(text) = self.filled(name) else { return Ok(0) };
        let refused = || Error::refused(format!("{name} must be seconds from 0 on, not {text:?}."));
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(part) {
            return Err(refused());
        }
        let whole: u64 = whole.parse().map_err(|_| refused())?;
        let part: u64 = format!("{part:0<3}")[..3].parse().map_err(|_| refused())?;
        Ok(whole.min(SECONDS_MAX) * 1000 + part)
    }

    /// A moment in milliseconds since 1970.
    pub(crate) fn moment(&self, name: &str) -> Result<Time, Error> {
        let text = self.required(name)?;
        let ms: i64 = text
            .parse()
            .map_err(|_| Error::refused(format!("{name} must be milliseconds since 1970, not {text:?}.")))?;
        Ok(Time(ms.saturating_mul(1000)))
    }

    /// Yes or no, if it is said.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.filled(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Some(false)),
            Some(text) => Err(Error::refused(format!("{name} must be true or false, not {text:?}."))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_repeat_and_come_from_both_places() {
        let params = Params::read("id=a&x=%C3%A9+b&size=9999999999999&bad=-1&on=TRUE", b"id=b&id=&empty=");
        let params = params.expect("few");
        assert_eq!(params.all("id").collect::<Vec<_>>(), ["a", "b", ""]);
        assert_eq!((params.first("x"), params.first("empty")), (Some("é b"), Some("")));
        assert_eq!(params.filled("empty"), None);
        assert_eq!(params.number("size", 10, 500).expect("large"), 500);
        assert_eq!(params.number("absent", 10, 500).expect("absent"), 10);
        assert!(params.number("bad", 10, 500).is_err());
        assert_eq!(params.flag("on").expect("a flag"), Some(true));
        assert!(params.flag("bad").is_err());
        let at =
            Params::read("a=5&b=1.25&c=0.0019&d=.5&e=1e3&f=-1&g=99999999999999999999&h=7.&i=9999999999", b"")
                .expect("few");
        for (name, ms) in
            [("a", 5_000), ("b", 1_250), ("c", 1), ("h", 7_000), ("i", 1_000_000_000), ("none", 0)]
        {
            assert_eq!(at.seconds(name).expect(name), ms, "{name}");
        }
        for name in ["d", "e", "f", "g"] {
            assert!(at.seconds(name).is_err(), "{name}");
        }
        assert_eq!(params.required("absent").expect_err("missing").code, crate::error::Code::Missing);
    }

    #[test]
    fn too_many_are_refused() {
        let form = "a&".repeat(PARAMS_MAX);
        assert!(Params::read("", form.as_bytes()).is_ok());
        assert!(Params::read("one", form.as_bytes()).is_err());
    }
}
