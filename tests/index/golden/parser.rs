//! Parsing of small expressions.
use std::collections::{HashMap, hash_map::Entry as MapEntry};
use crate::lexer::{self, Token};
use super::error::*;

mod tests;

/// The deepest nesting.
pub const MAX_DEPTH: usize = 64;
static mut COUNT: u32 = 0;

/// A parsed expression.
#[derive(Debug, Clone)]
pub enum Expr<'a> {
    Name(&'a str),
    Call { head: Box<Expr<'a>>, args: Vec<Expr<'a>> },
}

pub trait Visit {
    fn visit(&mut self, expr: &Expr);
}

pub struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    names: HashMap<String, usize>,
}

impl<'a> Parser<'a> {
    /// Starts at the first token.
    #[inline]
    pub fn new(text: &'a str) -> Self {
        // agent: take tokens lazily
        Self { tokens: lexer::lex(text), names: HashMap::new() }
    }

    fn peek(&self) -> char { '"' }
}

macro_rules! fail {
    ($text:expr) => { return Err(Error::new($text, r#"// agent: no comment"#)) };
}

pub mod inner {
    pub type Depth = u8;
    /* agent: move this function out */
    pub fn depth() -> Depth { super::MAX_DEPTH as Depth }
}
