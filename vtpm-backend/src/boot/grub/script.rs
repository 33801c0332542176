//! Reading GRUB's script language, as far as generated configurations use it: commands, `if`, menu entries.

use std::iter::Peekable;
use std::str::CharIndices;

/// A script that GRUB would call a syntax error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError;

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it is.
    Text(String),
    /// A variable's value.
    Variable { name: String, quoted: bool },
}

/// A word before expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(pub(super) Vec<Part>);

impl Word {
    /// The word, when it is a single unquoted piece of text: the shape of keywords.
    fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A command with its arguments, and the block that follows it in braces, if any, with the braces.
    Command { words: Vec<Word>, block: Option<String> },
    /// Conditions with what follows from them, tried in order.
    If { arms: Vec<(Vec<Statement>, Vec<Statement>)>, otherwise: Vec<Statement> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    Block(String),
    End,
}

/// Reads a whole script.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, SyntaxError> {
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable() };
    let statements = parser.statements()?;
    if parser.tokens.peek().is_some() { Err(SyntaxError) } else { Ok(statements) }
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    /// Statements up to a keyword that belongs to an enclosing `if`, or the end.
    fn statements(&mut self) -> Result<Vec<Statement>, SyntaxError> {
        let mut statements = Vec::new();
        loop {
            while self.tokens.next_if_eq(&Token::End).is_some() {}
            if self.tokens.peek().is_none() {
                return Ok(statements);
            }
            match self.keyword() {
                Some("then" | "elif" | "else" | "fi") => return Ok(statements),
                Some("if") => statements.push(self.conditional()?),
                _ => statements.push(self.command()?),
            }
        }
    }

    fn keyword(&mut self) -> Option<&str> {
        match self.tokens.peek() {
            Some(Token::Word(word)) => word.plain(),
            _ => None,
        }
    }

    fn expect(&mut self, keyword: &str) -> Result<(), SyntaxError> {
        if self.keyword() != Some(keyword) {
            return Err(SyntaxError);
        }
        self.tokens.next();
        Ok(())
    }

    fn conditional(&mut self) -> Result<Statement, SyntaxError> {
        let mut arms = Vec::new();
        self.expect("if")?;
        loop {
            let condition = self.statements()?;
            self.expect("then")?;
            arms.push((condition, self.statements()?));
            if self.expect("elif").is_err() {
                break;
            }
        }
        let otherwise = if self.expect("else").is_ok() { self.statements()? } else { Vec::new() };
        self.expect("fi")?;
        Ok(Statement::If { arms, otherwise })
    }

    fn command(&mut self) -> Result<Statement, SyntaxError> {
        let (mut words, mut block) = (Vec::new(), None);
        while let Some(token) = self.tokens.next_if(|token| *token != Token::End) {
            match token {
                Token::Word(word) => words.push(word),
                Token::Block(text) if block.is_none() && !words.is_empty() => block = Some(text),
                _ => return Err(SyntaxError),
            }
        }
        Ok(Statement::Command { words, block })
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut chars = text.char_indices().peekable();
    let mut tokens = Vec::new();
    while let Some((at, c)) = chars.peek().copied() {
        match c {
            ' ' | '\t' | '\r' => {
                chars.next();
            }
            '\n' | ';' => {
                chars.next();
                tokens.push(Token::End);
            }
            '#' => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '{' => {
                let end = block_end(&mut chars)?;
                tokens.push(Token::Block(text[at..end].to_owned()));
            }
            '}' => return Err(SyntaxError),
            _ => tokens.push(Token::Word(word(&mut chars)?)),
        }
    }
    Ok(tokens)
}

/// Skips a block with the blocks and quotes inside it; returns where it ends.
fn block_end(chars: &mut Peekable<CharIndices<'_>>) -> Result<usize, SyntaxError> {
    let (mut depth, mut quote) = (0usize, None);
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '\\') => {
                chars.next();
            }
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
    }
    Err(SyntaxError)
}

/// A word up to white space or a separator that is not quoted.
fn word(chars: &mut Peekable<CharIndices<'_>>) -> Result<Word, SyntaxError> {
    let mut word = Word::default();
    while let Some((_, c)) = chars.next_if(|(_, c)| !matches!(c, ' ' | '\t' | '\r' | '\n' | ';')) {
        match c {
            '\'' => {
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        Some((_, '\'')) => break,
                        Some((_, c)) => quoted.push(c),
                        None => return Err(SyntaxError),
                    }
                }
                // An own piece, so that a quoted keyword is not one.
                word.0.push(Part::Text(quoted));
                word.0.push(Part::Text(String::new()));
            }
            '"' => double_quoted(chars, &mut word)?,
            '\\' => push_text(&mut word, chars.next().ok_or(SyntaxError)?.1),
            '$' => variable(chars, false, &mut word)?,
            c => push_text(&mut word, c),
        }
    }
    Ok(word)
}

fn push_text(word: &mut Word, c: char) {
    match word.0.last_mut() {
        Some(Part::Text(text)) => text.push(c),
        _ => word.0.push(Part::Text(c.to_string())),
    }
}

fn double_quoted(chars: &mut Peekable<CharIndices<'_>>, word: &mut Word) -> Result<(), SyntaxError> {
    // Even an empty pair of quotes makes an argument.
    word.0.push(Part::Text(String::new()));
    loop {
        match chars.next().ok_or(SyntaxError)?.1 {
            '"' => break,
            '$' => variable(chars, true, word)?,
            '\\' => match chars.next().ok_or(SyntaxError)?.1 {
                escaped @ ('"' | '\\' | '$') => push_text(word, escaped),
                other => {
                    push_text(word, '\\');
                    push_text(word, other);
                }
            },
            c => push_text(word, c),
        }
    }
    word.0.push(Part::Text(String::new()));
    Ok(())
}

/// `$name` or `${name}`, behind the dollar sign.
fn variable(chars: &mut Peekable<CharIndices<'_>>, quoted: bool, word: &mut Word) -> Result<(), SyntaxError> {
    let braced = chars.next_if(|(_, c)| *c == '{').is_some();
    let mut name = String::new();
    while let Some((_, c)) = chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | '?')) {
        name.push(c);
    }
    if braced && chars.next_if(|(_, c)| *c == '}').is_none() {
        return Err(SyntaxError);
    }
    if name.is_empty() && !braced {
        push_text(word, '$');
        return Ok(());
    }
    word.0.push(Part::Variable { name, quoted });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_conditions_and_blocks() {
        let script =
            parse("# note\nif [ -e a ]; then b; elif c ; then\n d\nelse e\nfi\nmenuentry 'x y' {\n f '}' {g}\n}\n");
        let script = script.unwrap();
        let Statement::If { arms, otherwise } = &script[0] else { panic!("{script:?}") };
        assert_eq!((arms.len(), otherwise.len()), (2, 1));
        let Statement::Command { words, block } = &script[1] else { panic!("{script:?}") };
        assert_eq!(words.len(), 2);
        assert_eq!(block.as_deref(), Some("{\n f '}' {g}\n}"));
    }

    #[test]
    fn syntax_errors() {
        for text in ["if a; then b", "fi", "a {", "}", "'open", "\"open", "{ a; }", "a ${b", "then", "\\"] {
            assert_eq!(parse(text), Err(SyntaxError), "{text}");
        }
        assert_eq!(parse(" \n;;\n"), Ok(Vec::new()));
    }

    #[test]
    fn a_quoted_keyword_is_a_word() {
        assert!(matches!(parse("'if' a").unwrap()[0], Statement::Command { .. }));
    }
}
