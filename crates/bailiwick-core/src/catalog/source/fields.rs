//! Reading the keys of one TOML table, and reporting what does not belong there.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Text;
use crate::catalog::problem::{Problems, nearest, quoted};

/// The keys of one table. It learns which keys are known from what it is asked for, so that there is no second list.
pub(super) struct Fields<'t, 'i, 'p> {
    table: &'t DeTable<'i>,
    pub(super) span: Range<usize>,
    what: &'static str,
    /// Whether any key may stand here.
    open: bool,
    known: Vec<&'static str>,
    pub(super) missing: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl<'t, 'i, 'p> Fields<'t, 'i, 'p> {
    pub(super) fn new(
        table: &'t DeTable<'i>,
        span: &Range<usize>,
        what: &'static str,
        problems: &'p mut Problems,
    ) -> Self {
        Self {
            table,
            span: span.clone(),
            what,
            open: false,
            known: Vec::new(),
            missing: Vec::new(),
            problems,
        }
    }

    pub(super) fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'i>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Text {
        let text = if let Some(value) = self.value(key) {
            self.read_text(key, value)
        } else {
            self.missing.push(key);
            None
        };
        text.unwrap_or_else(|| Spanned::new(self.span.clone(), String::new()))
    }

    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<Text> {
        let value = self.value(key)?;
        self.read_text(key, value)
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Vec<Text> {
        let Some(value) = self.value(key) else { return Vec::new() };
        self.read_texts(key, value).map(Spanned::into_inner).unwrap_or_default()
    }

    pub(super) fn required_texts(&mut self, key: &'static str) -> Option<Spanned<Vec<Text>>> {
        if let Some(value) = self.value(key) {
            return self.read_texts(key, value);
        }
        self.missing.push(key);
        None
    }

    /// Every key with its text; which keys there may be is for the caller to check.
    pub(super) fn all_texts(&mut self) -> Vec<(Text, Text)> {
        self.open = true;
        let table = self.table;
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            if let Some(text) = self.read_text(key.get_ref(), value) {
                entries.push((Spanned::new(key.span(), key.get_ref().to_string()), text));
            }
        }
        entries
    }

    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_kind(key, value, "`true` or `false`");
            false
        })
    }

    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        what: &'static str,
        mut read: impl FnMut(&mut Fields<'t, 'i, '_>) -> T,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_kind(key, value, "a list of tables");
            return Vec::new();
        };
        array.iter().filter_map(|element| self.read_table(key, what, element, &mut read)).collect()
    }

    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        what: &'static str,
        mut read: impl FnMut(&mut Fields<'t, 'i, '_>) -> T,
    ) -> Option<T> {
        if let Some(value) = self.value(key) {
            return self.read_table(key, what, value, &mut read);
        }
        self.missing.push(key);
        None
    }

    pub(super) fn optional_table<T>(
        &mut self,
        key: &'static str,
        what: &'static str,
        mut read: impl FnMut(&mut Fields<'t, 'i, '_>) -> T,
    ) -> Option<T> {
        let value = self.value(key)?;
        self.read_table(key, what, value, &mut read)
    }

    fn read_table<T>(
        &mut self,
        key: &str,
        what: &'static str,
        value: &'t Spanned<DeValue<'i>>,
        read: &mut impl FnMut(&mut Fields<'t, 'i, '_>) -> T,
    ) -> Option<T> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_kind(key, value, "a table");
            return None;
        };
        let mut fields = Fields::new(table, &value.span(), what, self.problems);
        let result = read(&mut fields);
        fields.finish();
        Some(result)
    }

    pub(super) fn read_text(&mut self, key: &str, value: &Spanned<DeValue<'i>>) -> Option<Text> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_kind(key, value, "a text");
            return None;
        };
        if text.is_empty() {
            self.problems.add(
                &value.span(),
                format!("`{key}` is empty"),
                "write a text, or leave the key out if it may be left out",
            );
            return None;
        }
        Some(Spanned::new(value.span(), text.to_owned()))
    }

    fn read_texts(&mut self, key: &str, value: &Spanned<DeValue<'i>>) -> Option<Spanned<Vec<Text>>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_kind(key, value, "a list of texts");
            return None;
        };
        let texts = array.iter().filter_map(|element| self.read_text(key, element)).collect();
        Some(Spanned::new(value.span(), texts))
    }

    fn wrong_kind(&mut self, key: &str, value: &Spanned<DeValue<'i>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.problems.add(
            &value.span(),
            format!("`{key}` is of the wrong kind: {found}"),
            format!("write {wanted}"),
        );
    }

    /// Reports keys that nobody asked for, and keys that are missing unless a misspelt one stands in for them.
    pub(super) fn finish(mut self) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if self.open || self.known.contains(&name) {
                continue;
            }
            let hint = match nearest(name, self.known.iter().copied()) {
                Some(near) => {
                    self.missing.retain(|missing| *missing != near);
                    format!("did you mean `{near}`?")
                }
                None => format!("known here: {}", quoted(&self.known)),
            };
            self.problems.add(&key.span(), format!("unknown key `{name}` in {}", self.what), hint);
        }
        for key in &self.missing {
            self.problems.add(
                &self.span,
                format!("{} has no `{key}`", self.what),
                format!("add `{key}`; docs/catalogs.md shows how"),
            );
        }
    }
}
