//! Through which Cloudflare Access application an account lets its people in, if through one alone.

use serde::{Deserialize, Deserializer, Serialize};

use crate::host::is_label;

/// Where every team is; in front stands its name.
const TEAMS: &str = ".cloudflareaccess.com";
/// Digits of an application's audience tag: 256 bits.
const AUDIENCE_DIGITS: usize = 64;

/// An application of Cloudflare Access: what vouches for who comes through it. It leads to a host of Cloudflare's and nowhere else,
/// wherever it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessApplication {
    team_domain: String,
    audience: String,
}

/// Which of the two texts names no application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApplication {
    /// Not `{team}.cloudflareaccess.com`.
    #[error("no team domain of Cloudflare Access")]
    TeamDomain,
    /// Not 64 hexadecimal digits.
    #[error("no audience tag of Cloudflare Access")]
    Audience,
}

impl AccessApplication {
    /// The application with this audience tag in the team of this domain. The domain may be given as the address that Cloudflare
    /// shows, with `https://` in front; the case of neither matters.
    ///
    /// # Errors
    /// [`InvalidApplication`].
    pub fn parse(team_domain: &str, audience: &str) -> Result<Self, InvalidApplication> {
        let domain = team_domain.trim().to_ascii_lowercase();
        let domain = domain.strip_prefix("https://").unwrap_or(&domain);
        let domain = domain.strip_suffix('/').unwrap_or(domain);
        let team = domain.strip_suffix(TEAMS).filter(|team| is_label(team));
        if team.is_none() {
            return Err(InvalidApplication::TeamDomain);
        }
        let audience = audience.trim().to_ascii_lowercase();
        let is_tag = audience.len() == AUDIENCE_DIGITS
            && audience.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_tag {
            return Err(InvalidApplication::Audience);
        }
        Ok(Self {
            team_domain: domain.to_owned(),
            audience,
        })
    }

    /// The team's domain, `{team}.cloudflareaccess.com`.
    #[must_use]
    pub fn team_domain(&self) -> &str {
        &self.team_domain
    }

    /// The application's audience tag: 64 hexadecimal digits in small letters.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Who signs: the team's origin.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("https://{}", self.team_domain)
    }
}

impl<'de> Deserialize<'de> for AccessApplication {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Texts {
            team_domain: String,
            audience: String,
        }
        let texts = Texts::deserialize(deserializer)?;
        Self::parse(&texts.team_domain, &texts.audience).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIENCE: &str = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";

    #[test]
    fn an_application_is_read_as_cloudflare_shows_it() {
        for domain in [
            "acme.cloudflareaccess.com",
            " https://ACME.cloudflareaccess.com/ ",
        ] {
            let audience = format!(" {} ", AUDIENCE.to_uppercase());
            let read = AccessApplication::parse(domain, &audience).unwrap();
            assert_eq!(read.team_domain(), "acme.cloudflareaccess.com");
            assert_eq!(read.audience(), AUDIENCE);
            assert_eq!(read.issuer(), "https://acme.cloudflareaccess.com");
        }
    }

    #[test]
    fn a_team_domain_leads_to_cloudflare_and_nowhere_else() {
        for domain in [
            "",
            "acme",
            "cloudflareaccess.com",
            ".cloudflareaccess.com",
            "-.cloudflareaccess.com",
            "a.b.cloudflareaccess.com",
            "acme.cloudflareaccess.com.evil.example",
            "evil.example/.cloudflareaccess.com",
            "evil.example#.cloudflareaccess.com",
            "evil.example?.cloudflareaccess.com",
            "evil@acme.cloudflareaccess.com",
            "acme:1.cloudflareaccess.com",
            "acme.cloudflareaccess.com:8443",
            "acme.cloudflareaccess.com/path",
            "http://acme.cloudflareaccess.com",
            "127.0.0.1",
            "evilcloudflareaccess.com",
        ] {
            let read = AccessApplication::parse(domain, AUDIENCE);
            assert_eq!(read, Err(InvalidApplication::TeamDomain), "{domain:?}");
        }
    }

    #[test]
    fn an_audience_tag_has_sixty_four_digits() {
        let longer = format!("{AUDIENCE}0");
        let other = AUDIENCE.replace('f', "g");
        for audience in ["", &AUDIENCE[1..], &longer, &other, "ä"] {
            let read = AccessApplication::parse("acme.cloudflareaccess.com", audience);
            assert_eq!(read, Err(InvalidApplication::Audience), "{audience:?}");
        }
    }

    #[test]
    fn what_is_stored_is_looked_at_again() {
        let application = AccessApplication::parse("acme.cloudflareaccess.com", AUDIENCE).unwrap();
        let json = serde_json::to_string(&application).unwrap();
        assert_eq!(
            json,
            format!(r#"{{"team_domain":"acme.cloudflareaccess.com","audience":"{AUDIENCE}"}}"#)
        );
        assert_eq!(
            serde_json::from_str::<AccessApplication>(&json).unwrap(),
            application
        );
        let elsewhere = json.replace("acme.cloudflareaccess.com", "evil.example");
        assert!(serde_json::from_str::<AccessApplication>(&elsewhere).is_err());
    }
}
