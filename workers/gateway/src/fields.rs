//! What people fill in: checks that several bodies share, and how it is said what is wrong with a field.

use edgedesk_crypto::password::{MIN_NEW_PASSWORD_CHARS, PasswordError, hash_password};
use edgedesk_domain::account::Secret;
use edgedesk_domain::invitation::is_address;
use edgedesk_platform::chance::random_bytes;
use http::StatusCode;

use crate::error::AppError;

/// Most characters of the name of a thing, such as a team.
pub const MAX_NAME_CHARS: usize = 60;
/// Most characters of a person's name.
pub const MAX_PERSON_CHARS: usize = 100;

/// 422 `invalid_value`: `title` says what was not done, `detail` what the field at `pointer` has or is.
#[must_use]
pub fn invalid(title: &'static str, pointer: impl Into<String>, detail: &str) -> AppError {
    AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", title)
        .with_field(pointer.into(), detail)
}

/// A name of 1 to `max_chars` characters without the blanks around it, or what is wrong with it.
pub fn checked_name(name: &str, max_chars: usize) -> Result<&str, String> {
    let name = name.trim();
    if (1..=max_chars).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(format!(
            "has 1 to {max_chars} characters and no control characters"
        ))
    }
}

/// A language by its ISO 639-1 code, two lower-case letters without the blanks around them, or what is wrong with it.
pub fn checked_language(code: &str) -> Result<&str, String> {
    let code = code.trim();
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase()) {
        Ok(code)
    } else {
        Err("is an ISO 639-1 code of two lower-case letters".to_owned())
    }
}

/// What is wrong with the fields of a body, all of it.
#[derive(Debug, Default)]
pub struct Wrong(Vec<(String, String)>);

impl Wrong {
    /// What was checked of the field at `pointer`. Where it is wrong this is noted, and what is given is not to be used.
    pub fn keep<T: Default>(
        &mut self,
        pointer: impl Into<String>,
        checked: Result<T, String>,
    ) -> T {
        checked.unwrap_or_else(|detail| {
            self.0.push((pointer.into(), detail));
            T::default()
        })
    }

    /// Refuses the body if anything is wrong with it: 422 `invalid_value` with every field.
    pub fn refuse(self, title: &'static str) -> Result<(), AppError> {
        let mut wrong = self.0.into_iter();
        let Some((pointer, detail)) = wrong.next() else {
            return Ok(());
        };
        let first = invalid(title, pointer, &detail);
        Err(wrong.fold(first, |error, (pointer, detail)| {
            error.with_field(pointer, detail)
        }))
    }
}

/// Who becomes a user: name, address and the hash of their password.
#[derive(Debug)]
pub struct NewUser {
    /// Their name.
    pub name: String,
    /// The hash of their password.
    pub password_hash: Secret,
}

/// Checks what a new user has chosen, and hashes the password: some tens of milliseconds of CPU time.
pub fn new_user(title: &'static str, name: &str, password: &str) -> Result<NewUser, AppError> {
    let name =
        checked_name(name, MAX_PERSON_CHARS).map_err(|detail| invalid(title, "/name", &detail))?;
    check_password_length(title, password)?;
    let password_hash = hash_password(password, random_bytes()).map_err(|error| match error {
        PasswordError::Length => invalid(title, "/password", "is too long"),
        PasswordError::Hash => AppError::internal(error.to_string()),
    })?;
    Ok(NewUser {
        name: name.to_owned(),
        password_hash: Secret::new(password_hash),
    })
}

/// An e-mail address without the blanks around it.
pub fn checked_address<'a>(title: &'static str, email: &'a str) -> Result<&'a str, AppError> {
    let email = email.trim();
    if is_address(email) {
        Ok(email)
    } else {
        Err(invalid(title, "/email", "is no e-mail address"))
    }
}

fn check_password_length(title: &'static str, password: &str) -> Result<(), AppError> {
    if password.chars().count() < MIN_NEW_PASSWORD_CHARS {
        return Err(invalid(title, "/password", "has at least 15 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_has_something_in_it() {
        assert_eq!(checked_name("  Ada\u{a0}", 60), Ok("Ada"));
        assert!(checked_name(&"é".repeat(60), 60).is_ok());
        for name in ["", "  ", "a\nb", "a\0", &"é".repeat(61)] {
            assert!(checked_name(name, 60).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_language_is_two_lower_case_letters() {
        assert_eq!(checked_language(" fi "), Ok("fi"));
        for code in ["", "f", "fin", "FI", "f1", "é", "en-GB", "e\0"] {
            assert!(checked_language(code).is_err(), "{code:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut wrong = Wrong::default();
        assert_eq!(wrong.keep("/a", Ok::<_, String>(7)), 7);
        wrong.refuse("no").unwrap();
        let mut wrong = Wrong::default();
        wrong.keep("/a", Err::<u32, _>("is bad".to_owned()));
        wrong.keep("/b", Err::<u32, _>("is worse".to_owned()));
        let error = wrong.refuse("no").unwrap_err();
        assert_eq!(
            (error.status.as_u16(), error.code.as_str()),
            (422, "invalid_value")
        );
        let pointers: Vec<_> = error.errors.iter().map(|field| &field.pointer).collect();
        assert_eq!(pointers, ["/a", "/b"]);
    }

    #[test]
    fn what_is_wrong_with_a_new_user_is_named_by_its_field() {
        let field = |name: &str, password: &str| {
            let error = new_user("nobody joins", name, password).unwrap_err();
            assert_eq!(
                (error.status.as_u16(), error.code.as_str()),
                (422, "invalid_value")
            );
            error.errors[0].pointer.clone()
        };
        let good = "a few plain words";
        assert_eq!(field(" ", good), "/name");
        assert_eq!(field(&"a".repeat(101), good), "/name");
        assert_eq!(field("Ada", "fourteen chars"), "/password");
        assert_eq!(field("Ada", &"a".repeat(10_000)), "/password");
        // Characters, not bytes.
        assert_eq!(field("Ada", &"é".repeat(14)), "/password");
    }

    #[test]
    fn an_address_is_one() {
        assert_eq!(
            checked_address("no", " ada@example.com ").unwrap(),
            "ada@example.com"
        );
        assert!(checked_address("no", "ada").is_err());
    }
}
