//! Mistakes, collected so that all of them are told at once.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;

/// From the first token to the last of what a mistake is about.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    start: Span,
    end: Span,
}

impl Place {
    /// The place of these tokens.
    pub fn of(tokens: &impl ToTokens) -> Self {
        let mut tokens = tokens.to_token_stream().into_iter();
        let first = tokens.next();
        let start = first.as_ref().map_or_else(Span::call_site, |t| match t {
            TokenTree::Group(g) => g.span_open(),
            other => other.span(),
        });
        let end = tokens.last().or(first).map_or(start, |t| match t {
            TokenTree::Group(g) => g.span_close(),
            other => other.span(),
        });
        Self { start, end }
    }

    /// The first token.
    pub fn start(self) -> Span {
        self.start
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self { start: span, end: span }
    }
}

/// `syn::Error::new_spanned` only looks at the first and the last token.
impl ToTokens for Place {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for span in [self.start, self.end] {
            tokens.extend([TokenTree::from(proc_macro2::Ident::new("here", span))]);
        }
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Report {
    error: Option<syn::Error>,
    count: usize,
}

impl Report {
    /// A mistake and its repair.
    pub fn add(&mut self, place: Place, message: impl AsRef<str>, help: impl AsRef<str>) {
        let text = match help.as_ref() {
            "" => message.as_ref().to_owned(),
            help => format!("{}; {help}", message.as_ref()),
        };
        self.push(syn::Error::new_spanned(place, text));
    }

    /// A mistake that syn found.
    pub fn push(&mut self, error: syn::Error) {
        self.count += 1;
        match &mut self.error {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All of them so far, if there are any.
    pub fn finish_ref(&self) -> Option<&syn::Error> {
        self.error.as_ref()
    }

    /// All of them as one, if there are any.
    pub fn finish(self) -> Option<syn::Error> {
        self.error
    }
}
