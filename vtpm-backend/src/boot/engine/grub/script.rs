//! Reading GRUB's script language (GRUB `script/parser.y`, `script/yylex.l`): commands, `if`, loops, functions, blocks.

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
    /// `while` or `until`.
    While { condition: Vec<Statement>, body: Vec<Statement>, until: bool },
    /// `for`.
    For { name: String, words: Vec<Word>, body: Vec<Statement> },
    /// A definition; it is no command and not measured.
    Function { name: String, body: Vec<Statement> },
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
                Some("then" | "elif" | "else" | "fi" | "do" | "done") => return Ok(statements),
                Some("if") => statements.push(self.conditional()?),
                Some("while") => statements.push(self.loop_while(false)?),
                Some("until") => statements.push(self.loop_while(true)?),
                Some("for") => statements.push(self.loop_for()?),
                Some("function") => statements.push(self.function()?),
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

    fn body(&mut self) -> Result<Vec<Statement>, SyntaxError> {
        self.expect("do")?;
        let body = self.statements()?;
        self.expect("done")?;
        Ok(body)
    }

    fn loop_while(&mut self, until: bool) -> Result<Statement, SyntaxError> {
        self.tokens.next();
        let condition = self.statements()?;
        let body = self.body()?;
        Ok(Statement::While { condition, body, until })
    }

    fn plain_word(&mut self) -> Result<String, SyntaxError> {
        let word = self.keyword().map(str::to_owned).ok_or(SyntaxError)?;
        self.tokens.next();
        Ok(word)
    }

    fn loop_for(&mut self) -> Result<Statement, SyntaxError> {
        self.tokens.next();
        let name = self.plain_word()?;
        self.expect("in")?;
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.next_if(|token| matches!(token, Token::Word(_))) {
            words.push(word);
        }
        while self.tokens.next_if_eq(&Token::End).is_some() {}
        let body = self.body()?;
        Ok(Statement::For { name, words, body })
    }

    fn function(&mut self) -> Result<Statement, SyntaxError> {
        self.tokens.next();
        let name = self.plain_word()?;
        while self.tokens.next_if_eq(&Token::End).is_some() {}
        let Some(Token::Block(block)) = self.tokens.next() else {
            return Err(SyntaxError);
        };
        let body = parse(block_body(&block))?;
        Ok(Statement::Function { name, body })
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

/// The text between a block's braces.
pub(super) fn block_body(block: &str) -> &str {
    let inner = block.strip_prefix('{').unwrap_or(block);
    inner.strip_suffix('}').unwrap_or(inner)
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
    let ends = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '{' | '}');
    while let Some((_, c)) = chars.next_if(|(_, c)| !ends(*c)) {
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
            '\\' => match chars.next().ok_or(SyntaxError)?.1 {
                // A line that goes on in the next one.
                '\n' => {}
                escaped => push_text(&mut word, escaped),
            },
            // `$"..."` is text to be translated; without a language it is text.
            '$' if matches!(chars.peek(), Some((_, '"'))) => {
                chars.next();
                double_quoted(chars, &mut word)?;
            }
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
                '\n' => {}
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
    if let Some((_, special)) = chars.next_if(|(_, c)| matches!(c, '?' | '#' | '*' | '@')) {
        name.push(special);
    } else {
        let digits = matches!(chars.peek(), Some((_, c)) if c.is_ascii_digit());
        let belongs = |c: char| {
            if digits { c.is_ascii_digit() } else { c.is_ascii_alphanumeric() || c == '_' }
        };
        while let Some((_, c)) = chars.next_if(|(_, c)| belongs(*c)) {
            name.push(c);
        }
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
    fn loops_and_functions() {
        let script = parse(
            "function load {\n if a; then b; fi\n}\nfor x in a $b; do echo $x; done\nuntil c; do d; done\nload $1 $@ ${?}",
        )
        .unwrap();
        assert!(matches!(&script[0], Statement::Function { name, body } if name == "load" && body.len() == 1));
        assert!(matches!(&script[1], Statement::For { words, .. } if words.len() == 2));
        assert!(matches!(&script[2], Statement::While { until: true, .. }));
        let Statement::Command { words, .. } = &script[3] else { panic!("{script:?}") };
        let names: Vec<_> = words[1..].iter().map(|word| word.0[0].clone()).collect();
        let variable = |name: &str| Part::Variable { name: name.to_owned(), quoted: false };
        assert_eq!(names, [variable("1"), variable("@"), variable("?")]);
    }

    #[test]
    fn a_quoted_keyword_is_a_word() {
        assert!(matches!(parse("'if' a").unwrap()[0], Statement::Command { .. }));
    }
}
