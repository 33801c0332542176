//! Running scripts (GRUB `script/execute.c`).

use control_plane::hardware::Component;

use crate::eventlog::EventType;
use crate::pcr::Digests;

use super::script::{self, Statement, Word};
use super::{COMMANDS_MAX, DEPTH_MAX, Grub, eval};

impl Grub<'_, '_> {
    /// Reads and runs a script; a script that cannot be read does nothing.
    pub(super) fn run_script(&mut self, text: &str, subject: Component) -> bool {
        let Ok(statements) = script::parse(text) else {
            self.print("error: syntax error.");
            self.print("error: Incorrect command.");
            self.not_followed("a script with a syntax error (GRUB runs what is before the error)");
            return false;
        };
        let outer = std::mem::replace(&mut self.subject, subject);
        let status = self.nested(|grub| grub.run_statements(&statements));
        self.subject = outer;
        status
    }

    /// Runs something one level deeper.
    pub(super) fn nested(&mut self, work: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.depth == DEPTH_MAX {
            self.print("error: maximum recursion depth exceeded.");
            return false;
        }
        self.depth += 1;
        let status = work(self);
        self.depth -= 1;
        status
    }

    pub(super) fn run_statements(&mut self, statements: &[Statement]) -> bool {
        let mut status = true;
        for statement in statements {
            if self.is_over() || self.returning || self.breaking > 0 {
                break;
            }
            status = self.run_statement(statement);
            self.status = status;
        }
        status
    }

    fn run_statement(&mut self, statement: &Statement) -> bool {
        match statement {
            Statement::Command { words, block } => self.run_command(words, block.as_deref()),
            Statement::If { arms, otherwise } => {
                for (condition, body) in arms {
                    let holds = self.run_statements(condition);
                    if self.is_over() || self.returning {
                        return holds;
                    }
                    if holds {
                        return self.run_statements(body);
                    }
                }
                self.run_statements(otherwise)
            }
            Statement::While { condition, body, until } => {
                let mut status = true;
                while self.commands < COMMANDS_MAX && !self.is_over() && self.run_statements(condition) != *until {
                    status = self.run_statements(body);
                    if self.returning || self.leave_loop() {
                        break;
                    }
                }
                status
            }
            Statement::For { name, words, body } => {
                let mut status = true;
                for value in self.expand(words) {
                    self.environment.set(name, value);
                    status = self.run_statements(body);
                    if self.is_over() || self.returning || self.leave_loop() {
                        break;
                    }
                }
                status
            }
            Statement::Function { name, body } => {
                self.functions.insert(name.clone(), body.clone());
                true
            }
        }
    }

    fn leave_loop(&mut self) -> bool {
        let leave = self.breaking > 0;
        self.breaking = self.breaking.saturating_sub(1);
        leave
    }

    fn expand(&self, words: &[Word]) -> Vec<String> {
        let scope = self.scopes.last();
        let value = |name: &str| match name {
            "?" => Some(if self.status { "0" } else { "1" }.to_owned()),
            "#" => scope.map(|arguments| arguments.len().to_string()),
            "*" | "@" => scope.map(|arguments| arguments.join(" ")),
            digits if digits.starts_with(|c: char| c.is_ascii_digit()) => {
                let number: usize = digits.parse().ok()?;
                scope?.get(number.checked_sub(1)?).cloned()
            }
            name => self.environment.get(name).map(str::to_owned),
        };
        eval::expand(words, &value)
    }

    /// Expands, measures and runs one command, function or assignment.
    fn run_command(&mut self, words: &[Word], block: Option<&str>) -> bool {
        let mut arguments = self.expand(words);
        if arguments.is_empty() && block.is_none() {
            return self.status;
        }
        if self.commands >= COMMANDS_MAX {
            self.not_followed(format!("what comes after {COMMANDS_MAX} commands"));
            return false;
        }
        self.commands += 1;
        let text = arguments.iter().map(String::as_str).chain(block);
        let text = text.collect::<Vec<_>>().join(" ");
        self.measure_text("grub_cmd: ", &text);
        if arguments.first().is_some_and(|word| word == "!") {
            arguments.remove(0);
            return !self.dispatch(&arguments, block);
        }
        self.dispatch(&arguments, block)
    }

    /// Calls a function, if there is one of this name.
    pub(super) fn call(&mut self, name: &str, arguments: &[String]) -> Option<bool> {
        let body = self.functions.get(name)?.clone();
        self.scopes.push(arguments.to_vec());
        let status = self.nested(|grub| grub.run_statements(&body));
        self.scopes.pop();
        self.returning = false;
        Some(status)
    }

    /// PCR 8: the text without its prefix and without the NUL that the log shows.
    pub(super) fn measure_text(&mut self, prefix: &str, text: &str) {
        let data = [prefix.as_bytes(), text.as_bytes(), b"\0"].concat();
        self.session.recorder.measure_digest(self.subject, 8, EventType::IPL, Digests::of(text.as_bytes()), data);
    }
}
