//! The cookies of the desk: the session's token, and how a person likes the pages.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// Characters of a value that we set ourselves; a longer one is not ours.
const VALUE_CHARACTERS_MAX: usize = 128;

/// The value of a cookie, if it is one that we could have set.
#[must_use]
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs =
        headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(known, _)| *known == name);
    // Two of one name: one of them was put there by somebody else.
    let ((_, value), None) = (values.next()?, values.next()) else { return None };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (value.len() <= VALUE_CHARACTERS_MAX && value.bytes().all(plain)).then_some(value)
}

/// Where the session's token lies, by how people reach the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    is_secure: bool,
}

impl SessionCookie {
    /// For a desk that is reached at this address.
    #[must_use]
    pub fn for_url(public_url: &str) -> Self {
        Self { is_secure: public_url.starts_with("https://") }
    }

    /// Its name. The prefix binds it to this host and path, and to TLS (RFC 6265bis §4.1.3.2).
    #[must_use]
    pub fn name(self) -> &'static str {
        if self.is_secure { "__Host-caibian" } else { "caibian" }
    }

    /// Sets it, until the browser ends.
    ///
    /// # Errors
    /// When the token cannot stand in a header; ours always can.
    pub fn set(self, token: &str) -> Result<HeaderValue, axum::http::header::InvalidHeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        HeaderValue::from_str(&format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{secure}", self.name()))
    }

    /// Takes it away.
    #[must_use]
    pub fn clear(self) -> HeaderValue {
        HeaderValue::from_static(if self.is_secure {
            "__Host-caibian=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0"
        } else {
            "caibian=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        })
    }
}

/// What a person has chosen; of no worth to anybody else. What was chosen before the desk was reached by TLS still counts.
#[must_use]
pub fn chosen<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    read(headers, &format!("__Host-{name}")).or_else(|| read(headers, name))
}

/// Keeps what a person has chosen for a year, by how people reach the desk.
#[must_use]
pub fn choice(is_secure: bool, name: &str, value: &str) -> Option<HeaderValue> {
    let (prefix, secure) = if is_secure { ("__Host-", "; Secure") } else { ("", "") };
    let cookie = format!("{prefix}{name}={value}; Path=/; SameSite=Lax; HttpOnly; Max-Age=31536000{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// What binds a sign-in at an identity provider to the browser that began it. It goes along when the provider leads back, so
/// that it is not `Strict`, and lives as long as the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindingCookie {
    is_secure: bool,
}

impl BindingCookie {
    /// For a desk that is reached at this address.
    #[must_use]
    pub fn for_url(public_url: &str) -> Self {
        Self { is_secure: public_url.starts_with("https://") }
    }

    /// Its name, as the session's.
    #[must_use]
    pub fn name(self) -> &'static str {
        if self.is_secure { "__Host-caibian-sign-in" } else { "caibian-sign-in" }
    }

    /// Sets it, for ten minutes.
    ///
    /// # Errors
    /// When the secret cannot stand in a header; ours always can.
    pub fn set(self, binding: &str) -> Result<HeaderValue, axum::http::header::InvalidHeaderValue> {
        self.with(binding, 600)
    }

    /// Takes it away.
    ///
    /// # Errors
    /// Never.
    pub fn clear(self) -> Result<HeaderValue, axum::http::header::InvalidHeaderValue> {
        self.with("", 0)
    }

    fn with(self, value: &str, seconds: u32) -> Result<HeaderValue, axum::http::header::InvalidHeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = self.name();
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (COOKIE, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_read_when_it_is_there_once_and_plain() {
        assert_eq!(read(&headers(&["a=1; caibian=T-o_k.1; b=2"]), "caibian"), Some("T-o_k.1"));
        assert_eq!(read(&headers(&["a=1", "caibian=x"]), "caibian"), Some("x"));
        for wrong in
            [&["a=1"][..], &["caibian=x; caibian=y"], &["caibian=x", "caibian=x"], &["caibian=a b"], &["caibian=<"]]
        {
            assert_eq!(read(&headers(wrong), "caibian"), None, "{wrong:?}");
        }
        assert_eq!(read(&headers(&[&format!("caibian={}", "x".repeat(129))]), "caibian"), None);
    }

    #[test]
    fn over_tls_the_cookie_is_bound_to_the_host() {
        let cookie = SessionCookie::for_url("https://desk.example.cn");
        assert_eq!(cookie.set("T").unwrap(), "__Host-caibian=T; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(SessionCookie::for_url("").set("T").unwrap(), "caibian=T; Path=/; HttpOnly; SameSite=Strict");
    }

    #[test]
    fn over_tls_a_choice_is_bound_to_the_host_and_one_from_before_still_counts() {
        let cookie = choice(true, "theme", "dark").unwrap();
        assert_eq!(cookie, "__Host-theme=dark; Path=/; SameSite=Lax; HttpOnly; Max-Age=31536000; Secure");
        let cookie = choice(false, "theme", "dark").unwrap();
        assert_eq!(cookie, "theme=dark; Path=/; SameSite=Lax; HttpOnly; Max-Age=31536000");
        assert_eq!(chosen(&headers(&["theme=light; __Host-theme=dark"]), "theme"), Some("dark"));
        assert_eq!(chosen(&headers(&["theme=light"]), "theme"), Some("light"));
    }

    #[test]
    fn the_cookie_of_a_sign_in_comes_back_from_elsewhere_and_is_short_lived() {
        let cookie = BindingCookie::for_url("https://desk.example.cn");
        let expected = "__Host-caibian-sign-in=B; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure";
        assert_eq!(cookie.set("B").unwrap(), expected);
        let cookie = BindingCookie::for_url("");
        assert_eq!(cookie.clear().unwrap(), "caibian-sign-in=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
