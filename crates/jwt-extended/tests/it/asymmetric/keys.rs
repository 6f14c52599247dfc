//! TEST KEYS, made with OpenSSL 3.0 for these tests and published here: never use them for anything else.
//!
//! The tokens were signed by OpenSSL, so that the tests do not rely on our own signatures.

pub(crate) use super::{lattice_keys::*, rsa_keys::*};

/// A key on P-256, in PKCS#8.
pub(crate) const P256: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVaCa4fyXy3jpQMsK
UzOXYAhilrVSlK4ZcoWwQMdoWSqhRANCAARcWMPbGXJ9JzCNAXP7BmsFFNyIz4Sj
ky+yMqThjjekbmU+WjJsqRYNwPNptW1LoVBPG9P2QDQkbhRy4uFSi6sZ
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const P256_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXFjD2xlyfScwjQFz+wZrBRTciM+E
o5MvsjKk4Y43pG5lPloybKkWDcDzabVtS6FQTxvT9kA0JG4UcuLhUourGQ==
-----END PUBLIC KEY-----
";

/// A key on P-384, in PKCS#8.
pub(crate) const P384: &str = "\
-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBd3ANgBIut1WgO02Vo
54ZTSl4V0200NI8Y/3Pp0LZzrZpiCkbzMeDhz3iyVDJXBF+hZANiAATYtWNSBCKF
mHoEovBv4zRo/b+CdsaFcxVLEsrVSx7HksEmIZ7GkqaA6qFFQS1C19LI4bLtaIXl
tTVhdHT68UtHVvqImYv0g3koGAt2nf7CZNo2R+XEXS5KyzyX6iiqiac=
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const P384_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2LVjUgQihZh6BKLwb+M0aP2/gnbGhXMV
SxLK1Usex5LBJiGexpKmgOqhRUEtQtfSyOGy7WiF5bU1YXR0+vFLR1b6iJmL9IN5
KBgLdp3+wmTaNkflxF0uSss8l+ooqomn
-----END PUBLIC KEY-----
";

/// A key on P-521, in PKCS#8.
pub(crate) const P521: &str = "\
-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBInfG1s/LHGooysfk
72JqLuMrU9pmPzsOuXq0ji7fcOy9kJt29PGpx6ke0odP/BS+zYtnIjO5uYvmRBts
xc+snhKhgYkDgYYABABNrdazNz5Sd8QNZpvSPwihCNyqy6kxgUBc8DmZIza+qBgV
HmF+Juvy8Nl5rPGtDHJXxsXToGWqvX+x0dW9N1aKrwAGn3YiL6NtfO8qW0Sp9dYN
S8b1eEY5gkfspNe1lqatHqEuCkeq9zSznHaQnMSaZSTRQ1o08hHRLmKgNuIg2Nik
sQ==
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const P521_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQATa3Wszc+UnfEDWab0j8IoQjcqsup
MYFAXPA5mSM2vqgYFR5hfibr8vDZeazxrQxyV8bF06Blqr1/sdHVvTdWiq8ABp92
Ii+jbXzvKltEqfXWDUvG9XhGOYJH7KTXtZamrR6hLgpHqvc0s5x2kJzEmmUk0UNa
NPIR0S5ioDbiINjYpLE=
-----END PUBLIC KEY-----
";

/// A key on secp256k1, in PKCS#8.
pub(crate) const SECP256K1: &str = "\
-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgJEJeB3Tl3Jtsw3eAuwhc
KQxPO6m7hPZez16H2PKLXe6hRANCAATUyrnSlBJagyy7Kwj7nx5AvWYlxuwjyoiX
lMVwmHHS9ZTVHub/DdBCvItoPEFSoNVyundZoRyPhQRVpPKi9DVe
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const SECP256K1_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE1Mq50pQSWoMsuysI+58eQL1mJcbsI8qI
l5TFcJhx0vWU1R7m/w3QQryLaDxBUqDVcrp3WaEcj4UEVaTyovQ1Xg==
-----END PUBLIC KEY-----
";

/// A key on P-224, in PKCS#8.
pub(crate) const P224: &str = "\
-----BEGIN PRIVATE KEY-----
MHgCAQAwEAYHKoZIzj0CAQYFK4EEACEEYTBfAgEBBBxYSc2TNNF1jQmjspa7sKBt
DtUHOO/u3WRycuvsoTwDOgAEpConoS6ALHEq2Nipw8SWKV+jAx/M/2/nxuhZmATe
dENTIorTD0CwVa33jjFHvAP71CYjgqkp80Y=
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const P224_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
ME4wEAYHKoZIzj0CAQYFK4EEACEDOgAEpConoS6ALHEq2Nipw8SWKV+jAx/M/2/n
xuhZmATedENTIorTD0CwVa33jjFHvAP71CYjgqkp80Y=
-----END PUBLIC KEY-----
";

/// Another key on P-256, in SEC1, as `openssl ecparam -genkey` writes it.
pub(crate) const P256_SEC1: &str = "\
-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIH9vIF5+OFTt1nLJlVF5MhyoBVbKoqUpU9XjD5Oh3rh7oAoGCCqGSM49
AwEHoUQDQgAEm7sT9ivTYaIFn8hrZEEvXdSnibxdaDqFDRNksJQ7/dH+ocXHxvhw
PrtUGVSdqd0qBbTK1UA2B1ODP9UgYZINeA==
-----END EC PRIVATE KEY-----
";

/// Its public half.
pub(crate) const P256_SEC1_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEm7sT9ivTYaIFn8hrZEEvXdSnibxd
aDqFDRNksJQ7/dH+ocXHxvhwPrtUGVSdqd0qBbTK1UA2B1ODP9UgYZINeA==
-----END PUBLIC KEY-----
";

/// `P256` in SEC1 without the public half.
pub(crate) const P256_SEC1_NO_PUBLIC: &str = "\
-----BEGIN EC PRIVATE KEY-----
MDECAQEEIFWgmuH8l8t46UDLClMzl2AIYpa1UpSuGXKFsEDHaFkqoAoGCCqGSM49
AwEH
-----END EC PRIVATE KEY-----
";

/// `P256` in SEC1 with its point compressed.
pub(crate) const P256_SEC1_COMPRESSED: &str = "\
-----BEGIN EC PRIVATE KEY-----
MFcCAQEEIFWgmuH8l8t46UDLClMzl2AIYpa1UpSuGXKFsEDHaFkqoAoGCCqGSM49
AwEHoSQDIgADXFjD2xlyfScwjQFz+wZrBRTciM+Eo5MvsjKk4Y43pG4=
-----END EC PRIVATE KEY-----
";

/// `P256_PUBLIC` with its point compressed.
pub(crate) const P256_PUBLIC_COMPRESSED: &str = "\
-----BEGIN PUBLIC KEY-----
MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADXFjD2xlyfScwjQFz+wZrBRTciM+E
o5MvsjKk4Y43pG4=
-----END PUBLIC KEY-----
";

/// A key on P-256 whose curve is written out in numbers, in PKCS#8.
pub(crate) const P256_EXPLICIT: &str = "\
-----BEGIN PRIVATE KEY-----
MIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB
AAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA
///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV
AMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg
9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A
AAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQg1gTUFO4n9W6F
XaxNnkrlWZJzmw6kJDl8Qb1LOLw/w52hRANCAAR55B2lMqSK4sthgSjxUmxRZqhe
wenrlmxH3JqF4TVjIj06ZRpS9WVm4UBZBS941gwuOrI6ecnQdASOnMJQAhy0
-----END PRIVATE KEY-----
";

/// The same in SEC1.
pub(crate) const P256_EXPLICIT_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MIIBaAIBAQQg1gTUFO4n9W6FXaxNnkrlWZJzmw6kJDl8Qb1LOLw/w52ggfowgfcC
AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////
MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr
vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE
axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W
K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8
YyVRAgEBoUQDQgAEeeQdpTKkiuLLYYEo8VJsUWaoXsHp65ZsR9yaheE1YyI9OmUa
UvVlZuFAWQUveNYMLjqyOnnJ0HQEjpzCUAIctA==
-----END EC PRIVATE KEY-----
";

/// Its public half.
pub(crate) const P256_EXPLICIT_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABHnkHaUypIriy2GBKPFSbFFm
qF7B6euWbEfcmoXhNWMiPTplGlL1ZWbhQFkFL3jWDC46sjp5ydB0BI6cwlACHLQ=
-----END PUBLIC KEY-----
";

/// `P256`, encrypted with the password `x`.
pub(crate) const P256_ENCRYPTED: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAguP6sGILUC6wICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKiISgJP1V+Eq+KJF2UOAJcEgZCW
Dw3rBIsx4MTsy1geBJ9KDptNxto/hwDNZ8Tevenq0sQAbb2yUJJps4ogJ24IMswg
0KaaGYa40AgeiPBpzJWnUye+uVXeL34ns/OvVgiF0s5CC/NHrbh+Oz76dJoNRcQ8
WIzpetKRt4RXpZ26MbOhqc2W7zALpJCc3x0LEIvL2zRFzdQukEn8MNRCHCjsRpE=
-----END ENCRYPTED PRIVATE KEY-----
";

/// The same in the old form, with PEM headers.
pub(crate) const P256_ENCRYPTED_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,7848262DA7BCDEE12F3E844D3F91FE84

Xl3xocPDAMQyMf519ZJt/CJm7X6jfLy7pPqg4yC8bw0IIx4l1C+FCJ99QkD2ELTj
GWtlmyGtsJqYQXuMYd1j5+ndyA/+h5M7+IxSthOejjLur8hM8YDr/++ctj19900J
kB0vcNCkz4KczRsJgOPiDI6iibSUjcsRHvaR7VurTzY=
-----END EC PRIVATE KEY-----
";

/// A certificate of `P256`.
pub(crate) const P256_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUZMY2ZhNILhjoyiJV5Zj7NB0GJaIwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjIwNzUxNDVaFw0zNjExMTkwNzUxNDVa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARcWMPb
GXJ9JzCNAXP7BmsFFNyIz4Sjky+yMqThjjekbmU+WjJsqRYNwPNptW1LoVBPG9P2
QDQkbhRy4uFSi6sZo1MwUTAdBgNVHQ4EFgQUJAhkXbDLiheRvd2/Cd6HKtZAcB4w
HwYDVR0jBBgwFoAUJAhkXbDLiheRvd2/Cd6HKtZAcB4wDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiACiKI54XMZ6HryjvT7KH/pWidXJHtupb31U1LW
iELFhgIgOqv5GhkNwLFuF3YY3mHpJskNBoMIkHl7nvpzK8xfDtk=
-----END CERTIFICATE-----
";

/// An Ed25519 key.
pub(crate) const ED25519: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIMhy56/wLLpBx2HjzLfYS57L2UY2MF22ADkiwc8lXHa1
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const ED25519_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA/Uk7lKrAee3XKQEqi+OlmT6cTqPL/P1Hrx4KjPNw7no=
-----END PUBLIC KEY-----
";

/// An Ed448 public key.
pub(crate) const ED448_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MEMwBQYDK2VxAzoAGeaX6F2hVS8BNPUyDAMfyjS0N5y4iDrNhkkStMssdiJnR86U
COiLmCXGbXTYNS6LUdTB+TSuQMyA
-----END PUBLIC KEY-----
";

/// An X25519 key, which cannot sign.
pub(crate) const X25519: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIDA6VgvOwHmVM0sRiA+9gUPorXKBbQ3WqXu4Be28HD52
-----END PRIVATE KEY-----
";

/// Its public half.
pub(crate) const X25519_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAFaQFNzFi5AIB2QVk4z6s7ttuamKkKTiQNyKjtLaIlic=
-----END PUBLIC KEY-----
";

/// `{"by":"openssl"}`, signed with RS256.
pub(crate) const TOKEN_RS256: &str = "\
    eyJhbGciOiJSUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.HtaKE0MVRxX1nF_N_W5wSTaeLx77O6oyOSPdm6gFN5cTZwo2MB85wcuI\
    KGTgroWxqWIvlROuTgRMKxY9upDxSw36mph_QCWXOMoZibd10Jemfs8HRfm7ueBFGhr7Zof-vF1ocKtITQacjlO-4p4o4bh1xMpQ\
    2CqJiNp3sb5q4Azux8Xwtcws6B_BxufQ-MDRUdslWa4bE9Tr5VO5ZhnXpCXs2AJ4vx5L3pFsri-oCuxJQoEnFa-7nODNPol1h7c2\
    B5i3gqP0w8Ee7Ubcqh4QxhHFIgyb9KM4gQN4ErO2GrsRml2kQ5aRYaFTchwDskNdxAkuZYjQgwhWH3GYqlNK_w";

/// `{"by":"openssl"}`, signed with RS384.
pub(crate) const TOKEN_RS384: &str = "\
    eyJhbGciOiJSUzM4NCJ9.eyJieSI6Im9wZW5zc2wifQ.KGtoz-fUxqRbxp5nRDeZWwJEFtqDWDJbpTmMQI2xu6bSxb1egYWj3T7m\
    Stk_oeXuNhbmoMaKgDd0_eIkTMeE8TFhs-x1xLmXKxn7ghRcQTV8cqS93hXxIhQ4bYWxplp0uxpJfenPeqfA4lHU5PPUeZHK49cA\
    WYKTS-JbdI6lD6CNyEaN6ooBfi2AMe1XdXHu0uYxpvbaYklqYhflzQZaqV4SVO2IrZOra2buSuSSau0czyJm_IwEZDKBYFhVW4j3\
    GxsfR4KVTskAauH7Y3sHo-kcPzkfNSpRvdWB37QD3X9fMPOmk4xKiRdSboXTQ41y4GIL8qWTMJIa5tHssaZN0g";

/// `{"by":"openssl"}`, signed with RS512.
pub(crate) const TOKEN_RS512: &str = "\
    eyJhbGciOiJSUzUxMiJ9.eyJieSI6Im9wZW5zc2wifQ.MlLte1OGmagt_L6FsJ2hPnPadD4ri6-A_9nfggqMVa_OONaLuJj6Obmp\
    ooKykCc3ql3sGItfPKuVqGVC9t-X_4RCD1SNJKrSl_GMbIlwJ28E2DVEc7zH5L5h_PxTSCWQEoEg1IBwoVBJfdW0FWaFF8D7znzz\
    evrqEiNm1v45RdEvp4kjvzH9zEspWFMZ5HxPi-w4nh1kANAy7z9_kk2yX5eSjxheGbMe3KoIF7pJOzpF4gAnxNsPRjOUiXlOcXFu\
    FhG9qlSuBgVzKLdYjrWlocdAZ9FQDGaLwE7VP0gn4vfcRP2329_krX2Pk4FZhsbtXu41gdWisjz3t651jVYPsw";

/// `{"by":"openssl"}`, signed with PS256.
pub(crate) const TOKEN_PS256: &str = "\
    eyJhbGciOiJQUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.hGcRbGla50eDZIlh_xLW8f3G13wxP6AzEzr-jEAOc3zZk9u89ksQFXyg\
    pwWgQSA9BXJQH8Ffc9AqCGjGQoL48xGuM-3O189-714AHjSUQg1nGxfnerdRZSSGamPQ3D-ASOlJAldU15_iqDSVfRCGSGPSF4DP\
    w4XUd-EzwOH0VKZ73r5kJHu9VF_OgBFfpMVDM3DkaU7KTjRlOSiIqPLOoI0AZ0xcFPqusXbSvfP2W5na8pbhXNx-_lIT-6iaZo_5\
    7EPNRZQfaMeF0JiLOmxmcqekQ6m068MsosH_mtVURf1akOG0F4FG4d0yWdeN3B4uQxEZMTgf-CP-Zv_UT62CaQ";

/// `{"by":"openssl"}`, signed with PS384.
pub(crate) const TOKEN_PS384: &str = "\
    eyJhbGciOiJQUzM4NCJ9.eyJieSI6Im9wZW5zc2wifQ.DDbCDREd3LjWTB8CWelL3eCxfU6gP_ES907P6Lt7SN1vFI7W1paWExRR\
    obOZ7FeMowxnWSn2ME5t-e4Hn05NqFjgSlIJ1TZG2sEmqxcX78N_x_6Ib-njiRM3Jq4RFHBLp_KaJgH-XoBWa4ebFtZSn9IKCM2L\
    Cvcm-hz1h7Ogg6syUUhOaU6KG49k9_P7XfZx9UJ7FkHflnqZ8eh3EOCiuVaLKwg8PRXo9GfG9YLLDAFBaQICALPKHLti7A7xbnXQ\
    uP7FFGY531h_LmOOd8CRzMvUQm54uPOQnLgDspcOmz3RNT00aB5OCM4KQs_9gbIEWQBAEEuzV6dbrHIu-sYRzQ";

/// `{"by":"openssl"}`, signed with PS512.
pub(crate) const TOKEN_PS512: &str = "\
    eyJhbGciOiJQUzUxMiJ9.eyJieSI6Im9wZW5zc2wifQ.meVgZuuyFMumb0NSNFzyKwRbUq15gsjTlp5ZSjCxuJByj4BZM0lbGLvQ\
    w6nU4YdW4bUsSSlEd05groWY_K_RqKElNpA-MgktFm-B3RlbHOYyDpY5i5fdgojdO7JUWltKP4g6gQdif5KeXp-wHnJuBKA5r10Z\
    bAYtg6alFQfjLuaXJYa4oRXNgO04Xz1O4sGUIWfvkOjK0ATpE4Ta9jgHJjnMiwUrgQ25lLtEj7Ne6oECE9VcimXnayUCJ5ah35zU\
    o8UkbYNJpuJ4MD2HKAHApyazplc2jNgID67DCZ1tT4BlH3UNjz_6LEi760zYpArrXTpFeTb2LinUqWiLSCttoA";

/// `{"by":"openssl"}`, signed with ES256.
pub(crate) const TOKEN_ES256: &str = "\
    eyJhbGciOiJFUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.vahlm0EPL2dPluk0xMGuAZiQk7lwL2-UoKTWy21BkRUHb7dWaiirBC6Q\
    s8xEDoR_6JKeEEOi1epWlJAtJFg8BQ";

/// `{"by":"openssl"}`, signed with ES384.
pub(crate) const TOKEN_ES384: &str = "\
    eyJhbGciOiJFUzM4NCJ9.eyJieSI6Im9wZW5zc2wifQ.hhIEYoNhTeW6Ann8BGtz2DKip2nSOUsstQdS6FwpSA5NKlPUQSxujqeK\
    4qAPajGLKN-3iCYHXdSIUmXLlw7uH1DfndXcn2kxO7otyrzX0DcIt5izzQfC3lbLlnBT-T3b";

/// `{"by":"openssl"}`, signed with ES512.
pub(crate) const TOKEN_ES512: &str = "\
    eyJhbGciOiJFUzUxMiJ9.eyJieSI6Im9wZW5zc2wifQ.ATEfUaWe8H_MFN-7JIEUpk6mHqHCfaBrtfaOOtXaAG-dN-iEeXlcHiJE\
    Nm-qkwyA4UVTksCa4j2gvkrurvp3QR7VAJDzwB54HIt03npmK4BiZ2T37JbJ-_gzjbWywYvQA_G4U46BN-owMb_gnPy6gPFNq24Q\
    GYX1Y1jqeG43De2JCihS";

/// `{"by":"openssl"}`, signed with ES256K.
pub(crate) const TOKEN_ES256K: &str = "\
    eyJhbGciOiJFUzI1NksifQ.eyJieSI6Im9wZW5zc2wifQ.fWnMW5PKZ2p5VKOCYbA5RJAFbG7jaMdBCW1K0Br3wHqt-yIVNlXysy\
    aHXOUu_0pWHn10RKWAT4xy9JS75EvmtA";

/// `{"by":"openssl"}`, signed with `EdDSA`.
pub(crate) const TOKEN_EDDSA: &str = "\
    eyJhbGciOiJFZERTQSJ9.eyJieSI6Im9wZW5zc2wifQ.gw8jvub3hmW1oIeXXeFIxVxwuO3ZPhxh6tBKxQ4MyNj0V2Bxibr4r_XL\
    MNNhVUfleSxv91OkM8Xzs9Fvqm5TCw";

/// The same with ES256's signature in DER.
pub(crate) const TOKEN_ES256_DER: &str = "\
    eyJhbGciOiJFUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.MEUCIQC9qGWbQQ8vZ0-W6TTEwa4BmJCTuXAvb5SgpNbLbUGRFQIgB2-3\
    VmooqwQukLPMRA6Ef-iSnhBDotXqVpSQLSRYPAU";

/// The same with ES384's signature in DER.
pub(crate) const TOKEN_ES384_DER: &str = "\
    eyJhbGciOiJFUzM4NCJ9.eyJieSI6Im9wZW5zc2wifQ.MGUCMQCGEgRig2FN5boCefwEa3PYMqKnadI5Syy1B1LoXClIDk0qU9RB\
    LG6Op4rioA9qMYsCMCjft4gmB13UiFJly5cO7h9Q353V3J9pMTu6Lcq819A3CLeYs80Hwt5Wy5ZwU_k92w";

/// The same with ES512's signature in DER.
pub(crate) const TOKEN_ES512_DER: &str = "\
    eyJhbGciOiJFUzUxMiJ9.eyJieSI6Im9wZW5zc2wifQ.MIGIAkIBMR9RpZ7wf8wU37skgRSmTqYeocJ9oGu19o461doAb5036IR5\
    eVweIkQ2b6qTDIDhRVOSwJriPaC-Su6u-ndBHtUCQgCQ88AeeByLdN56ZiuAYmdk9-yWyfv4M421ssGL0APxuFOOgTfqMDG_4Jz8\
    uoDxTatuEBmF9WNY6nhuNw3tiQooUg";

/// The same with ES256K's signature in DER.
pub(crate) const TOKEN_ES256K_DER: &str = "\
    eyJhbGciOiJFUzI1NksifQ.eyJieSI6Im9wZW5zc2wifQ.MEUCIH1pzFuTymdqeVSjgmGwOUSQBWxu42jHQQltStAa98B6AiEArf\
    siFTZV8rMmh1zlLv9KVh59dESlgE-McvSUu-RL5rQ";

/// PS256 with a salt of 0 bytes.
pub(crate) const TOKEN_PS256_NO_SALT: &str = "\
    eyJhbGciOiJQUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.pk7LlG1LFVm3auz5tJwZLdNypLP_iwcYwAYAXaRH_csw3MBP8sKT4Q0L\
    5vZNUtt2U6JKtvjECxd-BV9mdVMuNY21HQuK3HP0mdcNhnWy6frM-1ZQQFtRgsWUbP_TyWctnriwhE69W0SOxi-llkvFG0kfK-X1\
    a-kQH0nh21Z6CG_ymfCmY9qx0w1ia70mw0yGJgKqddK5RfAVsVBNE1Ek7Gw4atUzMmDEPOT8FMLK4pK73imhl80Ps6RCcE3uY0ag\
    mjUmC2L_Pj_hLg3XB48ZDcdSJL8dC75zVJlON-oVxyo3fOMBVZGz-8akytcuV1_McZPnfh-j25AkEkCmeJA2EQ";

/// PS256 with a salt of 20 bytes.
pub(crate) const TOKEN_PS256_SALT_20: &str = "\
    eyJhbGciOiJQUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.tgqaZt1l3p48a-KOf2ydhmAayspy5T_4TSxriXsGHms-QGl3lF5LlrR8\
    aPNGyMVrYCUppJydPVwekVDcB9jwRzVhNwU49FJfoY-58TDzpe2PVuuDapWdTrvqfL7Dfl8qHbkXjyUUAfnVqYiPsyHt8wddyGUe\
    u_kJ_RCm8291Sm2NQ4PUTULimfMQXxCHFqA1w6S4xVBxgvuto88LgC0dezZCjxG7ciVukT9u0jKZErlxOzPGyAhzk3xEepZY0DTd\
    RTUYsIGLtwG8pmhFmYQJXrKIKsVkfP1cBei8_JtvChCzky3XAFjb0-B6kv-isapME9mrTLQ33HPnNsOOaj7RSQ";

/// PS256 with the longest salt.
pub(crate) const TOKEN_PS256_LONG_SALT: &str = "\
    eyJhbGciOiJQUzI1NiJ9.eyJieSI6Im9wZW5zc2wifQ.S5cY4kBBW65K1lqa8Of4aV7e2bKJ2IAUFNF1fNt6EtfygsepV0lngJLR\
    wnjMN9DxjoW7khtGy6qhvnFmPdRUxoKCYzUqEPlMRYkmMl3c184oytOSbV3I0iWp3Jy0BWr7Ic393CVr5R2LiqgyvKkJDHK3OD2o\
    H3g9P1OdQp5L4ckdDQfynicXkQc2oaPdRqd3oLdMYG0kE8N-0R5gAzaAMteslid1S8zCBFlj5i8m7zubOyGxOjcky_1ei2q0rE1x\
    Cbhk2bnkF2mWK7bSMBi9oRG1QjfTNxcPZ4J_FUg5H_myRrxUlao1oBBFOIZ-SCwsWl82NnkGTxcu9oUc9SJQ_w";
