//! What the audience sees: headings, sentences, the last words. Plain text, colours only on a terminal.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use crate::cli::out;
use crate::failure::Failure;

/// A style of text, as the number of its ANSI code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Headings.
    Bold = 1,
    /// What matters less.
    Dim = 2,
    /// What is as it should be.
    Green = 32,
    /// What was caught.
    Red = 31,
}

/// Whether stdout is a terminal that may show colours and bars.
pub(super) fn is_terminal() -> bool {
    static TERMINAL: OnceLock<bool> = OnceLock::new();
    *TERMINAL.get_or_init(|| std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}

/// Text in a style, where styles are shown.
pub(super) fn styled(style: Style, text: &str) -> String {
    if is_terminal() { format!("\u{1b}[{}m{text}\u{1b}[0m", style as u8) } else { text.to_owned() }
}

/// Begins a step.
pub(super) fn heading(number: u32, text: &str) -> Result<(), Failure> {
    out::text(&format!("\n{}\n", styled(Style::Bold, &format!("{number}  {text}"))))
}

/// One line of a step.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    out::text(&format!("   {text}\n"))
}

/// The request that a client of Azure would send.
pub(super) fn request(text: &str) -> Result<(), Failure> {
    line(&styled(Style::Dim, text))
}

/// The widest line that fits a terminal beside the indentation, in characters.
const CHARS_MAX: usize = 110;

/// Text that fits a line.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What to type next.
pub(super) struct Farewell {
    pub(super) group: String,
    pub(super) cluster: String,
    pub(super) pool: String,
    pub(super) node: String,
}

/// The one line that makes az talk to the simulator, and some commands to try. `slipway` says how to run a command.
pub(super) fn farewell(slipway: impl Fn(&str) -> String, farewell: &Farewell) -> Result<(), Failure> {
    let Farewell { group, cluster, pool, node } = farewell;
    out::text(&format!(
        "\n{heading}\n\n  eval \"$({env})\"\n\nThen, for example:\n\n  az aks list --output table\n  \
         az aks nodepool update -g {group} --cluster-name {cluster} -n {pool} --enable-secure-boot\n  \
         az aks create -g {group} -n mine --node-count 1 --enable-vtpm --enable-secure-boot --generate-ssh-keys\n  \
         {list}\n  {log}\n\nCtrl-C stops it; everything is kept for next time.\n",
        heading = styled(Style::Bold, "Slipway stays up. In another shell, this makes az talk to it:"),
        env = slipway("env"),
        list = slipway("node list"),
        log = slipway(&format!("node eventlog {node}")),
    ))
}
