//! One tree for all formats. An element is an object: its scalars are attributes in XML, its arrays repeated children,
//! and what is called `value` is the text.

use serde_json::{Map, Value};

/// An element in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element(Map<String, Value>);

impl Element {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With one more part.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, part: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), part.into());
        self
    }

    /// With one more part if there is such a one: what is unknown is left out.
    #[must_use]
    pub(crate) fn maybe(self, name: &str, part: Option<impl Into<Value>>) -> Self {
        match part {
            Some(part) => self.with(name, part),
            None => self,
        }
    }

    /// With one more text unless it is empty.
    #[must_use]
    pub(crate) fn text(self, name: &str, part: &str) -> Self {
        if part.is_empty() { self } else { self.with(name, part) }
    }

    /// With one more number unless it is 0, which here means that nobody knows it.
    #[must_use]
    pub(crate) fn known(self, name: &str, part: impl Into<u64>) -> Self {
        match part.into() {
            0 => self,
            part => self.with(name, part),
        }
    }

    /// Whether it has no part.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With one more list of elements.
    #[must_use]
    pub(crate) fn list(self, name: &str, parts: impl IntoIterator<Item = Self>) -> Self {
        self.with(name, parts.into_iter().map(Value::from).collect::<Vec<_>>())
    }
}

impl From<Element> for Value {
    fn from(element: Element) -> Self {
        Self::Object(element.0)
    }
}
