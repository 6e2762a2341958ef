//! What the rules ask of a Rust file, found in one walk over its syntax.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Block, ImplItemFn, Item, ItemFn, ItemMod, ItemUse, Lit, LitStr, Macro, Path, Signature,
    TraitItemFn, UseTree, Visibility,
    visit::{self, Visit},
};

/// A function and its length.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// From the line of `fn` to the line of the closing brace.
    pub(crate) lines: usize,
}

/// A string literal that is not documentation.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) line: usize,
    pub(crate) value: String,
    /// The innermost macro around it, such as `format`.
    pub(crate) in_macro: Option<String>,
}

/// A path such as `std::process::Command`, in code, in a `use`, or among a macro's tokens.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) line: usize,
    pub(crate) parts: Vec<String>,
    /// The innermost function around it.
    pub(crate) in_function: Option<String>,
    /// Whether it stands in code that only tests compile.
    pub(crate) in_test: bool,
    /// Whether a `pub use` gives it to other crates.
    pub(crate) given_on: bool,
}

/// The facts of one file.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) functions: Vec<Function>,
    pub(crate) texts: Vec<Text>,
    pub(crate) names: Vec<Name>,
    /// Macros that are called: line and last part of the name.
    pub(crate) macros: Vec<(usize, String)>,
    /// Modules that other crates see: line and name.
    pub(crate) public_modules: Vec<(usize, String)>,
    /// How many items stand at the top of the file, `use` and `mod` apart.
    pub(crate) items: usize,
}

/// Reads a file.
pub(crate) fn of(text: &str) -> syn::Result<Facts> {
    let file = syn::parse_file(text)?;
    let mut walk = Walk::default();
    walk.facts.items = file
        .items
        .iter()
        .filter(|item| !matches!(item, Item::Use(_) | Item::Mod(_) | Item::ExternCrate(_)))
        .count();
    walk.visit_file(&file);
    Ok(walk.facts)
}

#[derive(Default)]
struct Walk {
    facts: Facts,
    function: Vec<String>,
    test_depth: usize,
}

impl Walk {
    fn enter(
        &mut self,
        signature: &Signature,
        body: &Block,
        attributes: &[Attribute],
        walk: impl FnOnce(&mut Self),
    ) {
        let line = line(signature.fn_token.span);
        let end = body.brace_token.span.close().end().line;
        let name = signature.ident.to_string();
        self.facts.functions.push(Function { name: name.clone(), line, lines: end + 1 - line });
        let test = is_test(attributes);
        self.test_depth += usize::from(test);
        self.function.push(name);
        walk(self);
        self.function.pop();
        self.test_depth -= usize::from(test);
    }

    fn name(&mut self, line: usize, parts: Vec<String>, given_on: bool) {
        let in_function = self.function.last().cloned();
        self.facts.names.push(Name { line, parts, in_function, in_test: self.test_depth > 0, given_on });
    }

    fn using(&mut self, tree: &UseTree, before: &[String], given_on: bool) {
        let with = |last: String| [before, &[last]].concat();
        match tree {
            UseTree::Path(path) => self.using(&path.tree, &with(path.ident.to_string()), given_on),
            UseTree::Name(name) => self.name(line(name.ident.span()), with(name.ident.to_string()), given_on),
            UseTree::Rename(name) => {
                self.name(line(name.ident.span()), with(name.ident.to_string()), given_on);
            }
            UseTree::Glob(glob) => self.name(line(glob.star_token.spans[0]), with("*".to_owned()), given_on),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.using(item, before, given_on)),
        }
    }

    /// Macros may hold anything, so their tokens are read for literals and for words joined by `::`.
    fn tokens(&mut self, tokens: TokenStream, in_macro: &str) {
        let mut parts: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut at = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_name(&mut parts, at);
                        at = line(ident.span());
                    }
                    parts.push(ident.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.end_name(&mut parts, at);
                    let inner = if group.delimiter() == Delimiter::None { "" } else { in_macro };
                    self.tokens(group.stream(), inner);
                }
                TokenTree::Literal(literal) => {
                    let at = line(literal.span());
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.text(at, &text, Some(in_macro.to_owned()));
                    }
                }
                TokenTree::Punct(_) => {}
            }
            self.end_name(&mut parts, at);
            colons = 0;
        }
        self.end_name(&mut parts, at);
    }

    fn end_name(&mut self, parts: &mut Vec<String>, line: usize) {
        if parts.len() > 1 {
            self.name(line, parts.clone(), false);
        }
        parts.clear();
    }

    fn text(&mut self, line: usize, text: &LitStr, in_macro: Option<String>) {
        self.facts.texts.push(Text { line, value: text.value(), in_macro });
    }
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.enter(&item.sig, &item.block, &item.attrs, |walk| visit::visit_item_fn(walk, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.enter(&item.sig, &item.block, &item.attrs, |walk| visit::visit_impl_item_fn(walk, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        match &item.default {
            Some(body) => {
                self.enter(&item.sig, body, &item.attrs, |walk| visit::visit_trait_item_fn(walk, item));
            }
            None => visit::visit_trait_item_fn(self, item),
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.facts.public_modules.push((line(item.ident.span()), item.ident.to_string()));
        }
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        visit::visit_item_mod(self, item);
        self.test_depth -= usize::from(test);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let test = is_test(&item.attrs);
        self.test_depth += usize::from(test);
        self.using(&item.tree, &[], matches!(item.vis, Visibility::Public(_)));
        self.test_depth -= usize::from(test);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if let Some(first) = path.segments.first()
            && path.segments.len() > 1
        {
            let parts = path.segments.iter().map(|part| part.ident.to_string()).collect();
            self.name(line(first.ident.span()), parts, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        if let Some(last) = called.path.segments.last() {
            let name = last.ident.to_string();
            self.facts.macros.push((line(last.ident.span()), name.clone()));
            self.tokens(called.tokens.clone(), &name);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.text(line(text.span()), text, None);
    }

    /// Documentation and lint reasons are prose.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn line(span: Span) -> usize {
    span.start().line
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let named_test = path.segments.last().is_some_and(|part| part.ident == "test");
        let for_test = path.is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                list.tokens
                    .clone()
                    .into_iter()
                    .any(|token| matches!(&token, TokenTree::Ident(word) if word == "test"))
            });
        named_test || for_test
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        of(text).unwrap().names.iter().map(|name| name.parts.join("::")).collect()
    }

    #[test]
    fn names_are_found_in_uses_code_and_macros() {
        assert_eq!(
            names("use std::{io, process::{Command as C, *}};"),
            ["std::io", "std::process::Command", "std::process::*"]
        );
        assert_eq!(names("fn f() { a::b(); }"), ["a::b"]);
        assert_eq!(names("fn f() { vec![x, a::b::c(1), d]; }"), ["a::b::c"]);
    }

    #[test]
    fn a_function_is_as_long_as_its_lines() {
        let facts = of("/// Words.\n#[inline]\nfn f(\n    a: u8,\n) -> u8 {\n    a\n}\nimpl X { fn g() {} }")
            .unwrap();
        let found: Vec<_> = facts.functions.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(found, [("f", 3, 5), ("g", 8, 1)]);
    }

    #[test]
    fn documentation_is_not_a_text_of_the_program() {
        let facts = of(
            "/// SELECT a star.\n#[expect(x, reason = \"SELECT it\")]\nfn f() { g(\"one\"); h!(\"two\"); }",
        )
        .unwrap();
        let found: Vec<_> =
            facts.texts.iter().map(|text| (text.value.as_str(), text.in_macro.as_deref())).collect();
        assert_eq!(found, [("one", None), ("two", Some("h"))]);
    }

    #[test]
    fn test_code_is_marked() {
        let facts = of("fn f() { a::b(); }\n#[cfg(test)]\nmod tests { fn g() { c::d(); } }").unwrap();
        let found: Vec<_> = facts.names.iter().map(|name| (name.parts.join("::"), name.in_test)).collect();
        assert_eq!(found, [("a::b".to_owned(), false), ("c::d".to_owned(), true)]);
    }
}
