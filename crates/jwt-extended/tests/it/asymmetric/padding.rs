//! Tokens with the padding of base64, as AWS's load balancers sign them. OpenSSL signed these.

use jwt_extended::jose::{Algorithm, JwsError, Limits, Padding, Segment, Unverified, verify, verify_within};

use super::{
    keys::{P256_PUBLIC, RSA_SPKI},
    public,
};

const ES256: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsInNpZ25lciI6ImFybjphd3MifQ==.eyJzdWIiOiJhbGljZSIsImlzcyI6ImxiIn0=.6mUPxN9l\
    rGJoDnnRL8MK0SpunlR7UgMaI6cS1p-KJcwlMV0jk18x6Viwe15zynuozYDA5zrWEtDg1PmDQ-EWMQ==";
const RS256: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsInNpZ25lciI6ImFybjphd3MifQ==.eyJzdWIiOiJhbGljZSIsImlzcyI6ImxiIn0=.BQgNRlvX\
    F2M6A50ClzuvMrAc15b98Vu8Q_7WqeWiBeMXnq8rD8lfWvUWOELiyQKfPoldkGtuOK4UM34XxZprqozRdTRA0Ry6GF8QBMo5yU3f1m9YzEJ-6r\
    iF86kytQfA1R1PfM6VYdf025nl97DY0yptdKVPG6knUBWAIsIKtlTw3auDH6AG1rbB1jm7hwZDuPTtr1A4bqJBBX2C0pZ738VmickZRKv-z6_-\
    NxLCiEI72zGdGorIZW06WcJlbDSu9WdSKp0mSIhvw3zawjHI2lRKY8XA6rnLGBoMeWwvAF7qokV-LEnX33QEOneUZ7RV8x8jc7WjV7FhQnmD1U\
    O1-A==";

#[test]
fn padded_tokens_of_key_pairs_verify_if_padding_is_ignored() {
    let ignored = Limits { padding: Padding::Ignored, ..Limits::default() };
    for (algorithm, key, token) in [(Algorithm::ES256, P256_PUBLIC, ES256), (Algorithm::RS256, RSA_SPKI, RS256)] {
        assert!(token.split('.').all(|segment| segment.ends_with('=')), "every segment is padded");
        let ring = public(algorithm, key);
        assert_eq!(verify_within(ignored, &ring, token).unwrap().payload(), r#"{"sub":"alice","iss":"lb"}"#);
        assert_eq!(verify(&ring, token).unwrap_err(), JwsError::Base64(Segment::Header));
        let header = Unverified::header_within(ignored, token).unwrap();
        assert_eq!(header, format!(r#"{{"typ":"JWT","alg":"{algorithm}","signer":"arn:aws"}}"#));
        // The signature covers the padding of the payload.
        let bare = token.replace("=.", ".").replace("=.", ".");
        assert_eq!(verify_within(ignored, &ring, &bare).unwrap_err(), JwsError::Signature);
    }
}
