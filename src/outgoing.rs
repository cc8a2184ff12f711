//! The one way out: a POST to an address that somebody typed in.
//!
//! Whoever may enter a hook could otherwise make this service speak to its own network: the database beside it, a metadata
//! service, a router. So a name is resolved here, every address it stands for is judged, and the very address that was
//! judged is dialled; nothing is looked up a second time. There is no proxy, no redirect is followed, no connection is kept,
//! and time and size of the answer are limited. TLS is rustls with ring and Mozilla's roots.

use crate::config::Limits;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// What an address answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, whole.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// This is no address that may be sent to, whatever it stands for.
    #[error("the address is not allowed")]
    Url,
    /// The address stands for a place inside this network.
    #[error("{0} is a private address")]
    Private(IpAddr),
    /// The name stands for nothing.
    #[error("the name cannot be resolved")]
    Name,
    /// Nobody answers there, or the connection broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// It did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer is larger than what is read.
    #[error("the answer is too large")]
    TooLarge,
}

impl Failure {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url => "url_not_allowed",
            Self::Private(_) => "private_address",
            Self::Name => "name_unresolved",
            Self::Connection(_) => "connection_failed",
            Self::Timeout => "timeout",
            Self::TooLarge => "answer_too_large",
        }
    }

    /// Whether trying again is of no use until somebody changes the hook.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Url | Self::Private(_))
    }
}

/// An address that may be sent to as far as its text tells.
#[derive(Clone)]
pub struct Target {
    uri: Uri,
    host: String,
    port: u16,
    tls: bool,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Path and query hold the key of a bot.
        f.debug_struct("Target").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The longest address.
const URL_BYTES: usize = 2_000;

/// Sends to addresses outside.
#[derive(Clone)]
pub struct Client {
    tls: Result<TlsConnector, String>,
    private: bool,
    timeout: Duration,
    answer_bytes: usize,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("private", &self.private).finish_non_exhaustive()
    }
}

impl Client {
    /// A client within the limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|config| config.with_root_certificates(roots).with_no_client_auth());
        Self {
            tls: tls.map(|config| TlsConnector::from(Arc::new(config))).map_err(|error| error.to_string()),
            private: limits.private_hooks,
            timeout: limits.hook_timeout,
            answer_bytes: limits.hook_answer_bytes,
        }
    }

    /// Reads an address: `https:` with a host, no user in it, and if the host is a number, a public one. `http:` only
    /// where private addresses are allowed too.
    ///
    /// # Errors
    /// `Url`, or `Private` with the number.
    pub fn target(&self, url: &str) -> Result<Target, Failure> {
        let uri: Uri = url.parse().map_err(|_| Failure::Url)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if self.private => false,
            _ => return Err(Failure::Url),
        };
        let authority = uri.authority().ok_or(Failure::Url)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() || authority.as_str().contains('@') || url.len() > URL_BYTES {
            return Err(Failure::Url);
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            self.judge(address)?;
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Target { uri, host, port, tls })
    }

    fn judge(&self, address: IpAddr) -> Result<(), Failure> {
        if self.private || is_public(address) { Ok(()) } else { Err(Failure::Private(address)) }
    }

    /// Posts JSON and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(
        &self,
        target: &Target,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let all = self.exchange(target, headers, body);
        tokio::time::timeout(self.timeout, all).await.unwrap_or(Err(Failure::Timeout))
    }

    async fn exchange(
        &self,
        target: &Target,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let stream = self.dial(target).await?;
        if !target.tls {
            return self.speak(stream, target, headers, body).await;
        }
        let name = ServerName::try_from(target.host.clone()).map_err(|_| Failure::Url)?;
        let tls = self.tls.as_ref().map_err(|error| Failure::Connection(error.clone()))?;
        let stream = tls.connect(name, stream).await;
        let stream = stream.map_err(|error| Failure::Connection(error.to_string()))?;
        self.speak(stream, target, headers, body).await
    }

    /// Dials the first address that a name stands for and that answers. One private address among them refuses all: a
    /// name that mixes both is made to slip through.
    async fn dial(&self, target: &Target) -> Result<TcpStream, Failure> {
        let found = lookup_host((target.host.as_str(), target.port)).await.map_err(|_| Failure::Name)?;
        let addresses: Vec<SocketAddr> = found.collect();
        for address in &addresses {
            self.judge(address.ip())?;
        }
        let mut failed = Failure::Name;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = Failure::Connection(error.to_string()),
            }
        }
        Err(failed)
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        target: &Target,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let broken = |error: hyper::Error| Failure::Connection(error.to_string());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let authority = target.uri.authority().map_or("", |authority| authority.as_str());
        let path = target.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("pufa/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json; charset=utf-8");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| Failure::Url)?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(broken)?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), self.answer_bytes).collect().await;
            let body = body.map_err(|error| match error.downcast_ref::<hyper::Error>() {
                Some(error) => Failure::Connection(error.to_string()),
                None => Failure::TooLarge,
            })?;
            Ok(Answer { status, body: body.to_bytes() })
        };
        // Both live in this future: when it is given up, the connection is gone with it.
        tokio::pin!(answer, connection);
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            ended = &mut connection => match ended {
                Err(error) => Err(broken(error)),
                Ok(()) => answer.await,
            },
        }
    }
}

/// Whether an address is one of the whole Internet: none of a machine's own, of a private network, of a provider's inside,
/// of metadata services (which are link-local), of tests or several receivers, and none that carries such an IPv4 address in
/// itself (IANA special-purpose registries, RFC 6890 and its updates).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private use, loopback.
        (0 | 10 | 127, _, _) => true,
        // Carrier-grade NAT, with the metadata service of Alibaba Cloud.
        (100, 64..=127, _) => true,
        // Link-local, with the metadata services of clouds.
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // Protocol assignments, documentation, 6to4 relays.
        (192, 0, 0 | 2) | (192, 88, 99) => true,
        (192, 168, _) => true,
        // Benchmarks, documentation.
        (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., _, _) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        // IPv4 written as IPv6, and IPv4 behind a translator.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(v4(high, low))
        }
        // 6to4 and Teredo carry one inside and lead nowhere today.
        [0x2002, ..] | [0x2001, 0..=0x1ff, ..] => false,
        // Documentation.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Of all others only 2000::/3 is given out: not ::1, fc00::/7, fe80::/10, ff00::/8.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_whole_internet_are_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.5.5.5",
            "2400:3200::1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    fn client(private: bool) -> Client {
        Client::new(&Limits { private_hooks: private, ..Limits::default() })
    }

    #[test]
    fn an_address_is_judged_by_its_text_first() {
        let strict = client(false);
        for fine in [
            "https://a.example/x?key=1",
            "https://a.example:8443",
            "https://[2400:3200::1]/",
            "https://8.8.8.8/",
        ] {
            assert!(strict.target(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://a.example/",
            "ftp://a.example/",
            "https://",
            "https:///x",
            "/x",
            "a.example/x",
            "https://u:p@a.example/",
            "https://u@a.example/",
            "file:///etc/passwd",
            "",
            "https://a b.example/",
        ] {
            assert_eq!(strict.target(wrong).err(), Some(Failure::Url), "{wrong}");
        }
        assert_eq!(
            strict.target(&format!("https://a.example/{}", "x".repeat(2_000))).err(),
            Some(Failure::Url)
        );
        for private in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert!(matches!(strict.target(private), Err(Failure::Private(_))), "{private}");
        }
        let open = client(true);
        assert!(open.target("http://127.0.0.1:1/").is_ok());
        assert_eq!(open.target("ftp://127.0.0.1/").err(), Some(Failure::Url));
    }

    #[tokio::test]
    async fn what_a_name_stands_for_is_judged_when_it_is_dialled() {
        let strict = client(false);
        // A name, and a number that only the system's resolver reads as one.
        for url in ["https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://127.1/"] {
            let target = strict.target(url).unwrap();
            let failed = strict.post(&target, &[], Vec::new()).await.err();
            assert!(matches!(failed, Some(Failure::Private(_) | Failure::Name)), "{url}: {failed:?}");
        }
        let localhost = strict.target("https://localhost/").unwrap();
        let failed = strict.post(&localhost, &[], Vec::new()).await.err();
        assert!(matches!(failed, Some(Failure::Private(address)) if address.is_loopback()), "{failed:?}");
    }
}
