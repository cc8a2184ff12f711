//! One-time codes: setting them up, taking one, and the codes that replace them.

use super::super::session::{Attempt, SessionView, digest, random, random_token};
use super::super::{App, Caller, Error};
use super::qr;
use crate::domain::totp as rules;
use crate::store::{AuditEntry, StoreError, Transaction};
use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::Serialize;
use sha1::Sha1;

/// A secret offered; it counts once a code of it was confirmed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TotpOffer {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// `otpauth://` address with all an authenticator needs.
    pub uri: String,
    /// The address as a QR code, SVG.
    pub svg: String,
}

/// One-time codes are asked for from now on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TotpConfirmed {
    /// Codes to sign in with when the authenticator is lost, each once; told once.
    pub recovery_codes: Vec<String>,
    /// The session that goes on; all others have ended.
    pub session: SessionView,
}

/// The code of a step.
fn code(secret: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    Some(rules::digits(&mac.finalize().into_bytes().into()))
}

fn bytes(base32: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in base32.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => continue,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// The step whose code this is, among those taken now that come after the last one used.
fn step(secret: &str, given: &str, last: Option<i64>, now: jiff::Timestamp) -> Option<i64> {
    let secret = bytes(secret);
    let mut found = None;
    // Every step is compared, whole: how long it takes tells nothing.
    for step in rules::steps(now) {
        let right = code(&secret, step)?;
        let differs = right.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
        if right.len() == given.len() && differs == 0 && last.is_none_or(|last| step > last) {
            found = Some(step);
        }
    }
    found
}

/// Takes a one-time or a recovery code of an account and uses it up; whether it was right.
pub(in crate::service) async fn accept(
    tx: &mut Transaction,
    username: &str,
    given: &str,
) -> Result<bool, StoreError> {
    let Some(account) = tx.account_named(username).await? else { return Ok(false) };
    let Some(secret) = account.totp_secret.filter(|_| account.totp) else { return Ok(false) };
    let given: String = given.chars().filter(char::is_ascii_alphanumeric).collect();
    if let Some(step) = step(&secret, &given, account.totp_step, tx.now()) {
        tx.use_totp(account.id, step).await?;
        return Ok(true);
    }
    tx.use_recovery_code(account.id, digest(&given.to_ascii_lowercase())).await
}

fn wrong() -> Error {
    Error::TotpWrong
}

impl App {
    /// Offers a secret to the caller, who proves to be one with the password.
    ///
    /// # Errors
    /// As signing in; `Exists("totp")` when codes are asked for already.
    pub async fn offer_totp(&self, caller: &Caller, password: &str) -> Result<TotpOffer, Error> {
        let account = self.prove_own(caller, password).await?;
        if account.totp {
            return Err(Error::Exists("totp"));
        }
        let secret = rules::base32(&random::<{ rules::SECRET_BYTES }>()?);
        let uri = rules::uri(&account.username, &secret);
        let (kept, svg) = (secret.clone(), qr::svg(&uri)?);
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move { tx.offer_totp(account.id, kept).await })
            })
            .await?;
        Ok(TotpOffer { secret, uri, svg })
    }

    /// Whether the caller signs in with one-time codes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_totp(&self, caller: &Caller) -> Result<bool, Error> {
        let account = self.store.account_named(&caller.actor.username).await?;
        Ok(account.is_some_and(|account| account.totp))
    }

    /// The secret that was offered to the caller and waits for its first code.
    ///
    /// # Errors
    /// `totp_unknown` when none was, or it counts already.
    pub async fn offered_totp(&self, caller: &Caller) -> Result<TotpOffer, Error> {
        let unknown = || Error::NotFound("totp_unknown");
        let account = self.store.account_named(&caller.actor.username).await?.ok_or_else(unknown)?;
        let secret = account.totp_secret.filter(|_| !account.totp).ok_or_else(unknown)?;
        let uri = rules::uri(&account.username, &secret);
        Ok(TotpOffer { svg: qr::svg(&uri)?, uri, secret })
    }

    /// Takes the first code of the offered secret. Ends all sessions and begins one.
    ///
    /// # Errors
    /// `TotpWrong`; `totp_unknown` when nothing was offered.
    pub async fn confirm_totp(&self, caller: &Caller, given: &str) -> Result<TotpConfirmed, Error> {
        let unknown = || Error::NotFound("totp_unknown");
        let account = self.store.account_named(&caller.actor.username).await?.ok_or_else(unknown)?;
        let secret = account.totp_secret.clone().filter(|_| !account.totp).ok_or_else(unknown)?;
        let given: String = given.chars().filter(char::is_ascii_alphanumeric).collect();
        let step = step(&secret, &given, None, self.clock.now()).ok_or_else(wrong)?;
        let mut codes = Vec::with_capacity(rules::RECOVERY_CODES);
        for _ in 0..rules::RECOVERY_CODES {
            codes.push(hex::encode(random::<8>()?));
        }
        let hashes = codes.iter().map(|code| digest(code)).collect();
        let confirmed = crate::store::Account { totp: true, ..account };
        let (row, view) = self.new_session(&confirmed, random_token()?, caller.address)?;
        let (origin, subject, id) = (caller.origin(), confirmed.username, confirmed.id);
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.confirm_totp(id, step, hashes).await?;
                    tx.insert_session(row).await?;
                    let entry = AuditEntry { origin, action: "totp.create", subject, detail: "{}".into() };
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.sessions.distrust();
        let spaced = |code: &String| {
            let groups: Vec<_> = code.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
            groups.join("-")
        };
        let recovery_codes = codes.iter().map(spaced).collect();
        Ok(TotpConfirmed { recovery_codes, session: view })
    }

    /// Asks the caller for no more codes: password and a code prove that it is the caller's wish. Ends all sessions and
    /// begins one.
    ///
    /// # Errors
    /// As signing in; `totp_unknown` when none are asked for.
    pub async fn remove_totp(
        &self,
        caller: &Caller,
        password: &str,
        given: &str,
    ) -> Result<SessionView, Error> {
        let account = self.prove_own(caller, password).await?;
        if !account.totp {
            return Err(Error::NotFound("totp_unknown"));
        }
        let bare = crate::store::Account { totp: false, ..account };
        let (row, view) = self.new_session(&bare, random_token()?, caller.address)?;
        let (origin, subject, given) = (caller.origin(), bare.username, given.to_owned());
        let removed = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    if !accept(tx, &subject, &given).await? {
                        return Ok(false);
                    }
                    tx.clear_totp(row.user).await?;
                    tx.insert_session(row).await?;
                    let entry = AuditEntry { origin, action: "totp.delete", subject, detail: "{}".into() };
                    tx.audit(entry).await?;
                    Ok(true)
                })
            })
            .await?;
        self.sessions.distrust();
        if removed { Ok(view) } else { Err(wrong()) }
    }

    /// The caller's account, proven with its password; a failure counts as one of signing in.
    pub(super) async fn prove_own(
        &self,
        caller: &Caller,
        password: &str,
    ) -> Result<crate::store::Account, Error> {
        let username = &caller.actor.username;
        self.prove(&Attempt { username, password, totp: None, address: caller.address }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, cut to six digits.
        let secret = b"12345678901234567890";
        for (second, digits) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code(secret, second / 30).as_deref(), Some(digits));
        }
        assert_eq!(bytes(&rules::base32(secret)), secret);
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_late_and_only_once() {
        let secret = rules::base32(b"12345678901234567890");
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        for second in [30, 59, 60, 89] {
            assert_eq!(step(&secret, "287082", None, at(second)), Some(1), "{second}");
        }
        for second in [-1, 90] {
            assert_eq!(step(&secret, "287082", None, at(second)), None, "{second}");
        }
        assert_eq!(step(&secret, "287082", Some(1), at(59)), None);
        assert_eq!(step(&secret, "287082", Some(0), at(59)), Some(1));
        assert_eq!(step(&secret, "28708", None, at(59)), None);
    }
}
