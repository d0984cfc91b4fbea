"""Keys and field encryption."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.backends import crypto
from tianfu_sdk.backends.crypto import SUITES, FieldCipher, key_id_in, suite_in
from tianfu_sdk.backends.keyring import LocalKeys, new_master_key
from tianfu_sdk.errors import CryptoError
from tianfu_sdk.model.keys import KeyInfo, Suite

CIPHER = FieldCipher()
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, texts)
def test_what_is_sealed_is_opened_again_in_its_own_place_only(text, context):
    key = CIPHER.new_key()
    token = CIPHER.seal(key, text, context)
    assert CIPHER.open(key, token, context) == text
    assert CIPHER.seal(key, text, context) != token
    for other_key, other_context in ((CIPHER.new_key(), context), (key, context + "x")):
        with pytest.raises(CryptoError) as caught:
            CIPHER.open(other_key, token, other_context)
        assert caught.value.code == "crypto.wrong"


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_changed_byte_is_noticed(place, flip):
    key = b"k" * 32
    sealed = bytearray(base64.b64decode(CIPHER.seal(key, "13800138000", "phone")))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(CryptoError):
        CIPHER.open(key, base64.b64encode(sealed).decode(), "phone")


@pytest.mark.parametrize("token", ["", "x", "防震", "AA==", "AQ" * 8, "!" * 80, "\x00"])
def test_what_is_no_token_is_told(token):
    with pytest.raises(CryptoError) as caught:
        CIPHER.open(b"k" * 32, token, "phone")
    assert caught.value.code == "crypto.wrong"
    assert "TIANFU_KEY" in caught.value.hint


def test_a_subjects_key_is_wrapped_for_that_subject_and_master_only():
    keys, other = LocalKeys(new_master_key), LocalKeys(new_master_key)
    key = CIPHER.new_key()
    wrapped = keys.wrap(key, "sub_1")
    assert keys.unwrap(wrapped, "sub_1") == key
    for holder, subject, code in ((other, "sub_1", "keys.unknown"), (keys, "sub_2", "keys.wrong")):
        with pytest.raises(CryptoError) as caught:
            holder.unwrap(wrapped, subject)
        assert caught.value.code == code
    for torn in (b"", b"x", wrapped[:12], wrapped[:-1]):
        with pytest.raises(CryptoError):
            keys.unwrap(torn, "sub_1")


def test_a_blind_index_is_the_same_under_one_master_key_and_no_other():
    text = new_master_key()
    one, two, other = LocalKeys(lambda: text), LocalKeys(lambda: text), LocalKeys(new_master_key)
    assert one.index(b"x") == two.index(b"x") != other.index(b"x")
    assert len(one.index(b"x")) == 16
    assert one.current() == two.current() != other.current()
    assert one.index(b"x", one.current()) == one.index(b"x")
    with pytest.raises(CryptoError) as caught:
        one.index(b"x", other.current())
    assert caught.value.code == "keys.unknown"


@pytest.mark.parametrize(
    "text", ["", "x", "密钥", base64.b64encode(b"k" * 31).decode(), "k" * 44, "\x00"]
)
def test_a_malformed_master_key_is_told_and_not_shown(text):
    keys = LocalKeys(lambda: text)
    with pytest.raises(CryptoError) as caught:
        keys.current()
    assert caught.value.code == "keys.malformed"
    assert "tianfu keys new" in caught.value.hint
    assert text == "" or text not in str(caught.value)


# Suites.

SUITE = pytest.mark.parametrize("suite", list(Suite))


def test_sm4_gcm_is_that_of_rfc_8998():
    """RFC 8998, appendix A.1."""
    encrypt = SUITES[Suite.SM4].encrypt
    text = bytes.fromhex(
        "".join(pair * 8 for pair in ("AA", "BB", "CC", "DD", "EE", "FF", "EE", "AA"))
    )
    aad = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    engine = SUITES[Suite.SM4].engine(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    nonce = bytes.fromhex("00001234567800000000ABCD")
    sealed = encrypt(engine, nonce, text, aad)
    assert sealed.hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert SUITES[Suite.SM4].decrypt(engine, nonce, sealed, aad) == text
    assert SUITES[Suite.SM4].decrypt(engine, nonce, sealed, aad + b"x") is None


def test_aes_256_gcm_is_that_of_its_authors():
    """McGrew and Viega, The Galois/Counter Mode of Operation, test case 16."""
    encrypt = SUITES[Suite.AES].encrypt
    key = "feffe9928665731c6d6a8f9467308308"
    engine = SUITES[Suite.AES].engine(bytes.fromhex(key * 2))
    text = (
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = encrypt(engine, bytes.fromhex("cafebabefacedbaddecaf888"), bytes.fromhex(text), aad)
    assert sealed.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )


@pytest.mark.parametrize(
    ("key", "text", "mac"),
    [
        (
            bytes(range(1, 33)),
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
        (
            bytes(range(1, 38)),
            b"\xcd" * 50,
            "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
        ),
    ],
)
def test_hmac_sm3_is_that_of_gm_t_0042(key, text, mac):
    """GM/T 0042-2015, appendix D.3, as OpenSSL's own tests have it."""
    assert SUITES[Suite.SM4].mac(key, text).hex() == mac


@SUITE
def test_what_is_sealed_names_its_suite_and_its_key(suite):
    key = CIPHER.new_key(suite)
    sealed = base64.b64decode(CIPHER.seal(key, "13800138000", "phone"))
    assert suite_in(sealed).suite is suite
    assert key_id_in(sealed) == SUITES[suite].key_id(key[1:])
    assert len(sealed) == 1 + 8 + 12 + 11 + 16
    text = new_master_key(suite)
    keys = LocalKeys(lambda: text)
    wrapped = keys.wrap(key, "sub_1")
    assert suite_in(wrapped).suite is suite
    assert key_id_in(wrapped).hex() == keys.current()
    assert keys.known()[0] == KeyInfo(keys.current(), suite)


@SUITE
def test_a_key_of_the_other_suite_opens_nothing(suite):
    other = Suite.SM4 if suite is Suite.AES else Suite.AES
    key = CIPHER.new_key(suite)
    token = CIPHER.seal(key, "13800138000", "phone")
    assert CIPHER.open(key, token, "phone") == "13800138000"
    for wrong in (CIPHER.new_key(other), CIPHER.new_key(suite), b"", b"\x12" + bytes(32)):
        with pytest.raises(CryptoError) as caught:
            CIPHER.open(wrong, token, "phone")
        assert caught.value.code == "crypto.wrong"


def test_what_the_first_release_sealed_is_read():
    """Made by version 0.1.0 with the master key 00 01 … 1f and the subject's key 20 21 … 3f."""
    text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    wrapped = base64.b64decode(
        "AXk8Oq30K+9mqOwx4cp+L9dZi5RqDZ3eBQGMKiM8BM+D/q02ixk2TeO20uewiNkOMu4wWEz8WWMFySjWBw=="
    )
    token = "AQxjVuCT6nx5EKSdH6otVP2InPEb1iUbUnno3Bw+xajq4m0627VOgv45fg=="
    for ring in (text, f"{text} {new_master_key()}", f"{new_master_key()},{text}"):
        keys = LocalKeys(lambda ring=ring: ring)
        key = keys.unwrap(wrapped, "sub_1")
        assert key == bytes(range(32, 64))
        assert CIPHER.open(key, token, "subscriber.phone:sub_1") == "+8613800138000"
        assert (
            keys.index(b"phone:+8613800138000", "2ac5222630aef0ec").hex()
            == "e6099fd8996a67a4a859a11f35c35afb"
        )
        assert CIPHER.open(key, CIPHER.seal(key, "new", "x"), "x") == "new"
    with pytest.raises(CryptoError) as caught:
        LocalKeys(new_master_key).unwrap(wrapped, "sub_1")
    assert caught.value.code == "keys.wrong"


def test_a_machine_without_sm4_says_so(monkeypatch):
    monkeypatch.setattr(crypto, "_has_sm4", lambda: False)
    for use in (
        lambda: new_master_key(Suite.SM4),
        lambda: CIPHER.new_key(Suite.SM4),
        lambda: CIPHER.seal(b"\x12" + bytes(16), "x", "x"),
        LocalKeys(lambda: "sm4gcm:" + base64.b64encode(bytes(16)).decode()).current,
    ):
        with pytest.raises(CryptoError) as caught:
            use()
        assert caught.value.code == "crypto.no_suite"
        assert "SM4-GCM and HMAC-SM3" in caught.value.message
        assert "OpenSSL" in caught.value.hint
    CIPHER.new_key()


def test_what_this_machine_can_is_tried_and_not_guessed(monkeypatch):
    from cryptography.exceptions import UnsupportedAlgorithm

    def refuse(*_):
        raise UnsupportedAlgorithm("cipher SM4 in GCM mode is not supported")

    crypto._has_sm4.cache_clear()
    assert crypto._has_sm4()
    crypto._has_sm4.cache_clear()
    monkeypatch.setattr(crypto, "_sm4_encrypt", refuse)
    assert not crypto._has_sm4()
    crypto._has_sm4.cache_clear()


# Several keys in one text.


def b64(length, byte=b"k"):
    return base64.b64encode(byte * length).decode()


def test_the_last_key_seals_and_all_open():
    first, second = new_master_key(), new_master_key(Suite.SM4)
    one = LocalKeys(lambda: first)
    text = f"# keys\n{first}   # 2026\n\n{second}\n"
    both = LocalKeys(lambda: text)
    assert [key.id for key in both.known()] == [one.current(), both.current()]
    assert both.unwrap(one.wrap(b"k" * 32, "s"), "s") == b"k" * 32
    assert both.index(b"x", one.current()) == one.index(b"x")


def test_a_key_that_stands_twice_counts_where_it_stands_last():
    first, second = new_master_key(), new_master_key()
    keys = LocalKeys(lambda: f"{first},{second},{first}")
    assert keys.current() == LocalKeys(lambda: first).current()
    assert len(keys.known()) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"sm4gcm:{b64(32)}",
        f"sm4gcm:{b64(15)}",
        f"aes256gcm:{b64(16)}",
        f"aes128gcm:{b64(16)}",
        f":{b64(32)}",
        f"{b64(32)} {b64(31)}",
        f"aes256gcm-index:{b64(40)}",
        f"aes256gcm-index:{b64(32)} {b64(32)}",
        "# only a remark",
    ],
)
def test_a_malformed_text_of_keys_is_told_and_not_shown(text):
    with pytest.raises(CryptoError) as caught:
        LocalKeys(lambda: text).known()
    assert caught.value.code == "keys.malformed"
    assert text.rpartition(":")[2] not in str(caught.value)


def test_a_holder_shows_nothing_of_its_keys():
    text = new_master_key()
    keys = LocalKeys(lambda: text)
    keys.wrap(b"k" * 32, "sub_1")
    shown = repr(keys) + repr(list(keys._masters.values()))
    assert text not in shown
    assert repr(base64.b64decode(text))[2:12] not in shown
