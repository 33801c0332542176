//! Finding the program.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::SwtpmError;

/// The absolute path of an executable file, looked up in `PATH` when `program` is a bare name.
///
/// # Errors
/// [`SwtpmError::NotInstalled`] when there is none.
pub fn find_program(program: &Path) -> Result<PathBuf, SwtpmError> {
    let missing = || SwtpmError::NotInstalled(program.to_path_buf());
    if program.components().count() > 1 {
        let absolute = std::path::absolute(program).map_err(|_| missing())?;
        return if is_executable(&absolute) { Ok(absolute) } else { Err(missing()) };
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| is_executable(file)).ok_or_else(missing)
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_looked_up_and_a_missing_one_says_what_to_install() {
        assert!(find_program(Path::new("sh")).unwrap().is_absolute());
        let error = find_program(Path::new("/nowhere/swtpm")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/swtpm") && error.contains("apt-get install swtpm"), "{error}");
    }
}
