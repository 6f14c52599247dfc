//! Recognizes the environment variables that Kubernetes and Docker set for every service of a namespace. For a service
//! called `jwt` or `jwt-server`, their names begin as our options do.
//!
//! It knows only names and values, and nothing of our options.

/// The first word of a service whose variables could be taken for ours.
const SERVICE: &str = "JWT";

/// The protocols of a port: in names, and in addresses.
const PROTOCOLS: [(&str, &str); 3] = [("_TCP", "tcp://"), ("_UDP", "udp://"), ("_SCTP", "sctp://")];

/// Returns whether a variable describes a service: whether its name has exactly one of the forms that [Kubernetes
/// documents](https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables). Of
/// `X_PORT`, the value must fit too, because somebody may mean an option by that name.
///
/// ```text
/// X_SERVICE_HOST    X_SERVICE_PORT            X_SERVICE_PORT_HTTP       X_PORT=tcp://10.0.0.1:80
/// X_PORT_80_TCP     X_PORT_80_TCP_PROTO       X_PORT_80_TCP_PORT        X_PORT_80_TCP_ADDR
/// ```
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    service_of(name, value).is_some_and(|service| {
        is_words(service) && service.strip_prefix(SERVICE).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

/// Returns the part of a name that is the service.
fn service_of<'a>(name: &'a str, value: &str) -> Option<&'a str> {
    if let Some(service) = strip_any(name, ["_SERVICE_HOST", "_SERVICE_PORT"]) {
        return Some(service);
    }
    if let Some(service) = name.strip_suffix("_PORT")
        && PROTOCOLS.iter().any(|(_, scheme)| value.starts_with(scheme))
    {
        return Some(service);
    }
    if let Some((service, port_name)) = name.rsplit_once("_SERVICE_PORT_") {
        return is_words(port_name).then_some(service);
    }
    let port = strip_any(name, ["_PROTO", "_PORT", "_ADDR"]).unwrap_or(name);
    let (service, number) = strip_any(port, PROTOCOLS.map(|(protocol, _)| protocol))?.rsplit_once("_PORT_")?;
    let is_number =
        number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u16>().is_ok_and(|port| port > 0);
    is_number.then_some(service)
}

fn strip_any<'a, const N: usize>(name: &'a str, suffixes: [&str; N]) -> Option<&'a str> {
    suffixes.into_iter().find_map(|suffix| name.strip_suffix(suffix))
}

/// Returns whether a text can come from the name of a service or of a port: capital letters, digits and underscores.
fn is_words(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    const ADDRESS: &str = "tcp://10.0.0.11:5000";

    #[test]
    fn the_variables_of_a_service_are_recognized() {
        for service in ["JWT", "JWT_SERVER", "JWT_SERVICE", "JWT_PORT", "JWT_SERVICE_PORT", "JWT_2_X"] {
            for (rest, value) in [
                ("SERVICE_HOST", "10.0.0.11"),
                ("SERVICE_PORT", "5000"),
                ("SERVICE_PORT_HTTP", "5000"),
                ("SERVICE_PORT_HTTP_ALT_2", "5000"),
                ("PORT", ADDRESS),
                ("PORT", "udp://[fd00::11]:53"),
                ("PORT", "sctp://10.0.0.11:9"),
                ("PORT_5000_TCP", ADDRESS),
                ("PORT_5000_TCP_PROTO", "tcp"),
                ("PORT_5000_TCP_PORT", "5000"),
                ("PORT_5000_TCP_ADDR", "10.0.0.11"),
                ("PORT_53_UDP", "udp://10.0.0.11:53"),
                ("PORT_9_SCTP_ADDR", "10.0.0.11"),
            ] {
                assert!(is_service_link(&format!("{service}_{rest}"), value), "{service}_{rest}");
            }
        }
    }

    #[test]
    fn other_names_describe_no_service() {
        for (name, value) in [
            ("JWT_PORT", "5000"),
            ("JWT_PORT", ""),
            ("JWT_PORT", "http://10.0.0.11:5000"),
            ("JWT_PORT", " tcp://10.0.0.11:5000"),
            ("JWT_SERVICE", "x"),
            ("JWT_SERVICE_HOSTS", "x"),
            ("JWT_SERVICE_NAME", "x"),
            ("JWT_HOST", "x"),
            ("JWT_SERVICE_PORT_", "1"),
            ("JWT_SERVICE_PORT_http", "1"),
            ("JWT_PORT_TCP", "x"),
            ("JWT_PORT_0_TCP", "x"),
            ("JWT_PORT_65536_TCP", "x"),
            ("JWT_PORT_+5_TCP", "x"),
            ("JWT_PORT_5000", "x"),
            ("JWT_PORT_5000_HTTP", "x"),
            ("JWT_PORT_5000_TCP_HOST", "x"),
            ("JWT_PORT_5000_TCP_ADDRESS", "x"),
            ("JWT_server_SERVICE_HOST", "x"),
            ("JWTS_SERVICE_HOST", "x"),
            ("_SERVICE_HOST", "x"),
            ("APP_SERVICE_HOST", "x"),
            ("", ""),
        ] {
            assert!(!is_service_link(name, value), "{name}={value}");
        }
    }

    #[test]
    fn no_option_has_the_name_of_a_service_variable() {
        for option in Config::NAMES {
            assert!(!is_service_link(&format!("JWT_{}", option.to_ascii_uppercase()), ADDRESS), "{option}");
        }
    }
}
