//! Text to tree.

use super::{CHARS_MAX, NESTING_MAX};

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// `'text'`, in which `''` is one apostrophe.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `name(arguments)`.
    Call {
        /// The function as it was written.
        name: String,
        /// Its arguments.
        arguments: Vec<Expression>,
    },
    /// `of.name`.
    Member {
        /// Whose.
        of: Box<Expression>,
        /// Which.
        name: String,
    },
    /// `of[index]`.
    Item {
        /// Whose.
        of: Box<Expression>,
        /// Which: a number or a text.
        index: Box<Expression>,
    },
}

impl Expression {
    /// Every call in the expression, outer ones first.
    pub(crate) fn calls<'e>(&'e self, visit: &mut impl FnMut(&'e str, &'e [Expression])) {
        match self {
            Expression::Text(_) | Expression::Number(_) => {}
            Expression::Call { name, arguments } => {
                visit(name, arguments);
                for argument in arguments {
                    argument.calls(visit);
                }
            }
            Expression::Member { of, .. } => of.calls(visit),
            Expression::Item { of, index } => {
                of.calls(visit);
                index.calls(visit);
            }
        }
    }
}

/// Parses what stands between the brackets of a template text.
///
/// # Errors
/// In ARM's words (Azure/azure-api-management-devops-resource-kit issue 561), with the position of the character that
/// does not fit.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > CHARS_MAX {
        return Err(format!("The language expression exceeds the limit of '{CHARS_MAX}' characters."));
    }
    let mut parser = Parser { text, characters: &characters, at: 0, depth: 0 };
    let expression = parser.expression()?;
    parser.blank();
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'t> {
    text: &'t str,
    characters: &'t [char],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes a character, after blanks, if it is the next.
    fn take(&mut self, wanted: char) -> bool {
        self.blank();
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn require(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> String {
        let text = self.text;
        match self.peek() {
            Some(found) => format!(
                "The language expression '{text}' is not valid: the string character '{found}' at position '{}' is not expected.",
                self.at
            ),
            None => format!("The language expression '{text}' is not valid: it ends where more is expected."),
        }
    }

    fn expression(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(format!("The language expression nests more than '{NESTING_MAX}' levels deep."));
        }
        let mut expression = self.primary()?;
        let mut steps = 0;
        loop {
            if self.take('.') {
                expression = Expression::Member { of: Box::new(expression), name: self.name()? };
            } else if self.take('[') {
                let index = Box::new(self.expression()?);
                self.require(']')?;
                expression = Expression::Item { of: Box::new(expression), index };
            } else {
                break;
            }
            steps += 1;
            if steps > NESTING_MAX {
                return Err(format!("The language expression follows more than '{NESTING_MAX}' properties."));
            }
        }
        self.depth -= 1;
        Ok(expression)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        self.blank();
        match self.peek() {
            Some('\'') => self.literal(),
            Some(c) if c.is_ascii_digit() || c == '-' || c == '+' => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.call(),
            _ => Err(self.unexpected()),
        }
    }

    fn literal(&mut self) -> Result<Expression, String> {
        self.at += 1;
        let mut value = String::new();
        while let Some(next) = self.peek() {
            self.at += 1;
            if next != '\'' {
                value.push(next);
            } else if self.peek() == Some('\'') {
                value.push('\'');
                self.at += 1;
            } else {
                return Ok(Expression::Text(value));
            }
        }
        Err(self.unexpected())
    }

    fn number(&mut self) -> Result<Expression, String> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.characters[start..self.at].iter().collect();
        digits.parse().map(Expression::Number).map_err(|_| {
            format!("The language expression '{}' is not valid: '{digits}' is not a 64-bit integer.", self.text)
        })
    }

    fn name(&mut self) -> Result<String, String> {
        self.blank();
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
            self.at += 1;
        }
        if start == self.at {
            return Err(self.unexpected());
        }
        Ok(self.characters[start..self.at].iter().collect())
    }

    /// `name(…)`; a function of the template's own has a namespace before its name.
    fn call(&mut self) -> Result<Expression, String> {
        let mut name = self.name()?;
        if self.take('.') {
            name = format!("{name}.{}", self.name()?);
        }
        self.require('(')?;
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.expression()?);
                if self.take(')') {
                    break;
                }
                self.require(',')?;
            }
        }
        Ok(Expression::Call { name, arguments })
    }
}
