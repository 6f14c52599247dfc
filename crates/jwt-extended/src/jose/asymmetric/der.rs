//! The small part of DER (X.690) that keys use: reads elements strictly, and writes an RSA public key.
//!
//! Knows tags and lengths, but not keys. No input makes it panic or read past the end. Secrets are borrowed and never
//! copied.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The bytes are not DER, or not the expected elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotDer;

/// Reads one element after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'d> {
    rest: &'d [u8],
}

impl<'d> Reader<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns a reader for the elements of a SEQUENCE, which must be all of the bytes.
    pub(super) fn sequence_of(bytes: &'d [u8]) -> Result<Self, NotDer> {
        let mut outer = Self::new(bytes);
        let inner = outer.sequence()?;
        outer.end()?;
        Ok(inner)
    }

    /// Returns the tag of the next element, if there is one.
    pub(super) fn tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads the content of the next element, which must have this tag. Lengths must be in the shortest form.
    pub(super) fn read(&mut self, tag: u8) -> Result<&'d [u8], NotDer> {
        let (length, rest) = match self.rest {
            [found, ..] if *found != tag => return Err(NotDer),
            [_, length @ 0..=0x7f, rest @ ..] | [_, 0x81, length @ 0x80..=0xff, rest @ ..] => {
                (usize::from(*length), rest)
            }
            [_, 0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            // Keys have no elements of 65,536 bytes or more.
            _ => return Err(NotDer),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(NotDer)?;
        self.rest = rest;
        Ok(content)
    }

    /// Reads the content of the next element if it has this tag. Otherwise leaves it unread.
    pub(super) fn read_optional(&mut self, tag: u8) -> Result<Option<&'d [u8]>, NotDer> {
        if self.tag() == Some(tag) { self.read(tag).map(Some) } else { Ok(None) }
    }

    pub(super) fn sequence(&mut self) -> Result<Self, NotDer> {
        self.read(SEQUENCE).map(Self::new)
    }

    /// Reads a number that is not negative. It is big-endian without leading zeros, so that zero has no bytes.
    pub(super) fn unsigned(&mut self) -> Result<&'d [u8], NotDer> {
        match self.read(INTEGER)? {
            [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => Err(NotDer),
            number => Ok(number.strip_prefix(&[0]).unwrap_or(number)),
        }
    }

    /// Reads a BIT STRING of whole bytes.
    pub(super) fn bit_string(&mut self) -> Result<&'d [u8], NotDer> {
        self.read(BIT_STRING).and_then(whole_bytes)
    }

    /// Checks that nothing is left.
    pub(super) fn end(self) -> Result<(), NotDer> {
        if self.rest.is_empty() { Ok(()) } else { Err(NotDer) }
    }
}

/// Returns the bytes of a BIT STRING from its content. Its number of bits must be a multiple of eight.
pub(super) fn whole_bytes(content: &[u8]) -> Result<&[u8], NotDer> {
    content.strip_prefix(&[0]).ok_or(NotDer)
}

/// Writes a PKCS#1 `RSAPublicKey`. The numbers must be big-endian without leading zeros.
pub(super) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let mut numbers = Vec::with_capacity(modulus.len() + exponent.len() + 16);
    push_unsigned(&mut numbers, modulus);
    push_unsigned(&mut numbers, exponent);
    let mut der = Vec::with_capacity(numbers.len() + 8);
    push_header(&mut der, SEQUENCE, numbers.len());
    der.extend_from_slice(&numbers);
    der
}

fn push_unsigned(out: &mut Vec<u8>, number: &[u8]) {
    // Without the leading zero, a number whose first bit is set would be negative.
    let sign: &[u8] = if number.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    push_header(out, INTEGER, sign.len() + number.len());
    out.extend_from_slice(sign);
    out.extend_from_slice(number);
}

fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        Ok(byte) => out.extend_from_slice(&[0x81, byte]),
        // Three bytes are far more than the longest RSA number needs.
        Err(_) => match length.to_be_bytes() {
            [.., 0, high, low] => out.extend_from_slice(&[0x82, high, low]),
            [.., top, high, low] => out.extend_from_slice(&[0x83, top, high, low]),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_element_has_one_spelling() {
        let read = |bytes: &[u8]| Reader::new(bytes).read(OCTET_STRING).map(<[u8]>::to_vec);
        assert_eq!(read(&[4, 2, 7, 8, 9]), Ok(vec![7, 8]));
        assert_eq!(read(&[&[4, 0x81, 0x80][..], &[7; 0x80]].concat()), Ok(vec![7; 0x80]));
        assert_eq!(read(&[&[4, 0x82, 1, 0][..], &[7; 0x100]].concat()), Ok(vec![7; 0x100]));
        let refused: [&[u8]; 11] = [
            &[],
            &[4],
            &[5, 0],
            &[4, 2, 7],
            &[4, 0x80, 7, 0, 0],
            &[4, 0x81],
            &[4, 0x81, 1, 7],
            &[4, 0x82, 0, 1, 7],
            &[4, 0x82, 1, 0, 7],
            &[4, 0x83, 0, 0, 1, 7],
            &[4, 0xff, 7],
        ];
        for bytes in refused {
            assert_eq!(read(bytes), Err(NotDer), "{bytes:x?}");
        }
    }

    #[test]
    fn a_number_has_one_spelling_and_is_not_negative() {
        let read = |bytes: &[u8]| Reader::new(bytes).unsigned().map(<[u8]>::to_vec);
        assert_eq!(read(&[2, 1, 0x7f]), Ok(vec![0x7f]));
        assert_eq!(read(&[2, 2, 0, 0x80]), Ok(vec![0x80]));
        assert_eq!(read(&[2, 1, 0]), Ok(vec![]));
        for bytes in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 0x7f], &[2, 3, 0, 0, 0x80], &[2, 2, 0xff, 1]] {
            assert_eq!(read(bytes), Err(NotDer), "{bytes:x?}");
        }
    }

    #[test]
    fn trailing_data_and_unused_bits_are_refused() {
        assert!(Reader::sequence_of(&[0x30, 0]).is_ok());
        assert!(Reader::sequence_of(&[0x30, 0, 0]).is_err());
        assert_eq!(Reader::new(&[3, 2, 1, 0xfe]).bit_string(), Err(NotDer), "unused bits");
        assert_eq!(Reader::new(&[3, 0]).bit_string(), Err(NotDer));
    }

    proptest! {
        #[test]
        fn a_written_key_is_read_back(
            modulus in prop::collection::vec(any::<u8>(), 1..70_000),
            exponent in 1..=255_u8,
        ) {
            let modulus: Vec<u8> = modulus.into_iter().skip_while(|byte| *byte == 0).collect();
            let der = rsa_public_key(&modulus, &[exponent]);
            if modulus.len() > 65_000 {
                return Ok(());
            }
            let mut numbers = Reader::sequence_of(&der).unwrap();
            prop_assert_eq!(numbers.unsigned(), Ok(&modulus[..]));
            prop_assert_eq!(numbers.unsigned(), Ok(&[exponent][..]));
            prop_assert_eq!(numbers.end(), Ok(()));
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while let Some(tag) = reader.tag() {
                if reader.read(tag).is_err() {
                    break;
                }
            }
            let _ = (Reader::new(&bytes).unsigned(), Reader::new(&bytes).bit_string(), Reader::sequence_of(&bytes));
        }
    }

    #[test]
    fn the_length_of_a_key_is_written_in_as_few_bytes_as_it_needs() {
        let written = |length| rsa_public_key(&vec![0x7f; length], &[3])[..5].to_vec();
        assert_eq!(written(100)[..3], [0x30, 105, 2]);
        assert_eq!(written(300)[..4], [0x30, 0x82, 1, 51]);
        assert_eq!(written(0x1_0000), [0x30, 0x83, 1, 0, 8]);
    }

    #[test]
    fn a_short_rsa_key_is_written_with_a_short_length() {
        let key = rsa_public_key(&[0x81; 128], &[1, 0, 1]);
        assert_eq!(key[..3], [0x30, 0x81, 137]);
        assert_eq!(Reader::sequence_of(&key).and_then(|mut numbers| numbers.unsigned().map(<[u8]>::len)), Ok(128));
    }
}
