//! Where a request goes: always to the endpoint, and only if it is meant for it.

use crate::record::head::Head;
use crate::record::refusal::Refusal;
use crate::record::upstream::Upstream;

/// A request as it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: String,
    /// Scheme and authority under which the endpoint is asked.
    pub(crate) origin: String,
    /// As it is passed on.
    pub(crate) target: String,
    /// As the client sent them, except for the host.
    pub(crate) headers: Vec<(String, String)>,
    /// The host that the client asked for.
    pub(crate) host: Option<String>,
}

/// Makes the head one for the endpoint: the target as it came, the host that of the endpoint unless it is kept, and
/// nothing that is about the client's connection. `port` is the recorder's own.
///
/// # Errors
/// It is no request, or one for somebody else.
pub(crate) fn route(
    head: &mut Head,
    upstream: &Upstream,
    keep_host: bool,
    port: u16,
) -> Result<Route, Refusal> {
    let line = head
        .request_line()
        .map_err(|fault| Refusal::bad_request(fault.to_string()))?;
    let method = String::from_utf8_lossy(line.method).into_owned();
    if method == "CONNECT" {
        return Err(Refusal::bad_request(
            "this is no proxy that leads everywhere: set the client's base URL to the recorder's, and leave its proxy setting alone",
        ));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
    let host = head.values("host").next().map(text);
    let mut target = line.target.to_vec();
    if let Some((authority, rest)) = absolute(&target) {
        // RFC 9112 3.2.2: a server takes this form, too.
        let own = format!(":{port}");
        let is_ours = authority.eq_ignore_ascii_case(upstream.authority.as_bytes())
            || authority.ends_with(own.as_bytes());
        if !is_ours {
            return Err(Refusal::misdirected(format!(
                "`{}` is another host than {}",
                String::from_utf8_lossy(authority),
                upstream.authority
            )));
        }
        target = match rest.first() {
            Some(b'/') => rest.to_vec(),
            _ => [b"/", rest].concat(),
        };
        head.set_target(&target);
    }
    let kept = host.as_ref().filter(|_| keep_host);
    let scheme = upstream.base.origin().split("://").next().unwrap_or("http");
    let origin = match kept {
        Some(host) => format!("{scheme}://{host}"),
        None => upstream.base.origin().to_owned(),
    };
    if kept.is_none() {
        head.set("Host", upstream.authority.as_bytes());
    }
    let headers = head.headers();
    head.strip_hop_by_hop();
    Ok(Route {
        method,
        origin,
        target: String::from_utf8_lossy(&target).into_owned(),
        headers,
        host,
    })
}

/// Authority of a target that is a whole URL, and what follows it.
fn absolute(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let lower = target.to_ascii_lowercase();
    let scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| lower.starts_with(scheme))?;
    let rest = &target[scheme.len()..];
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(rest.len());
    Some(rest.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::{Route, route};
    use crate::record::head::Head;
    use crate::record::refusal::Refusal;
    use crate::record::upstream::Upstream;
    use crate::target::BaseUrl;

    fn routed(text: &str, keep_host: bool) -> (Result<Route, Refusal>, String) {
        let base = BaseUrl::parse("http://a.test:81/scim").unwrap();
        let upstream = Upstream::new(base).unwrap();
        let text = format!("{text}\r\n\r\n");
        let (mut head, _) = Head::read(text.as_bytes()).unwrap().unwrap();
        let route = route(&mut head, &upstream, keep_host, 5);
        (route, String::from_utf8(head.bytes()).unwrap())
    }

    #[test]
    fn the_target_stays_and_the_host_is_the_endpoints() {
        let text = "GET /scim/../x//y?'%7e+ HTTP/1.1\r\nA: b\r\nHost: 127.0.0.1:5";
        let (route, sent) = routed(text, false);
        let route = route.unwrap();
        assert_eq!(
            sent,
            "GET /scim/../x//y?'%7e+ HTTP/1.1\r\nA: b\r\nHost: a.test:81\r\n\r\n"
        );
        assert_eq!(route.origin, "http://a.test:81");
        assert_eq!(route.target, "/scim/../x//y?'%7e+");
        assert_eq!(route.host.as_deref(), Some("127.0.0.1:5"));
        let (route, sent) = routed(text, true);
        assert_eq!(sent, format!("{text}\r\n\r\n"));
        assert_eq!(route.unwrap().origin, "http://127.0.0.1:5");
    }

    #[test]
    fn a_whole_url_is_taken_if_it_is_ours() {
        for (target, passed) in [
            ("http://A.test:81/scim/Users?x", "/scim/Users?x"),
            ("http://127.0.0.1:5?x", "/?x"),
            ("HTTP://127.0.0.1:5", "/"),
        ] {
            let (route, sent) = routed(
                &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:5"),
                false,
            );
            assert_eq!(route.unwrap().target, passed);
            assert!(
                sent.starts_with(&format!("GET {passed} HTTP/1.1\r\n")),
                "{sent}"
            );
        }
        for text in [
            "GET http://other.test/ HTTP/1.1\r\nHost: 127.0.0.1:5",
            "GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\nProxy-Connection: x",
            "CONNECT a.test:81 HTTP/1.1\r\nHost: a.test:81",
            "GET / HTTP/2",
        ] {
            assert!(routed(text, false).0.is_err(), "{text}");
        }
    }
}
