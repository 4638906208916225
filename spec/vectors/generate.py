#!/usr/bin/env python3
"""Writes the vectors of this folder, all but `key-package/` (spec/examples/key_package_vectors.rs makes those).

It is a second implementation of the formats, written from the prose, so that a vector is more than an echo of the
Rust code. It needs the Python package `cryptography`. Run it here after changing it, then `cargo test -p infrasound-spec`.
"""

import base64
import hashlib
import json
import pathlib
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).parent
DAY = 24 * 60 * 60 * 1000
YEAR = 365 * DAY
CREATED = 1_790_000_000_000  # September 2026
ALICE = "https://a.example/users/alice"
BOB = "https://b.example/users/bob"


# RFC 9420 section 2.1: integers are big-endian, lengths are variable-size integers.
def u8(n): return struct.pack(">B", n)
def u32(n): return struct.pack(">I", n)
def u64(n): return struct.pack(">Q", n)


def b64(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opaque(data):
    n = len(data)
    if n < 1 << 6:
        return u8(n) + data
    if n < 1 << 14:
        return struct.pack(">H", n | 0x4000) + data
    return struct.pack(">I", n | 0x8000_0000) + data


class Key:
    def __init__(self, seed):
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = self.secret.public_key().public_bytes(*raw)

    def sign(self, purpose, content):
        return self.secret.sign(signing_input(purpose, content))


def signing_input(purpose, content):
    return opaque(b"Infrasound 1.0 " + purpose.encode()) + opaque(content)


ALICE_KEY, MALLORY_KEY, DEVICE_KEY, OTHER_DEVICE_KEY = Key(1), Key(2), Key(3), Key(4)
DEVICE, OTHER_DEVICE = bytes([0xD1]) * 16, bytes([0xD2]) * 16


def write(folder, name, rule, spec, given, expect):
    path = HERE / folder / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    vector = {"rule": rule, "spec": spec, "input": given, "expect": expect}
    path.write_text(json.dumps(vector, indent=2, ensure_ascii=True) + "\n")


def error(name): return {"error": name}


# --- identity.md 1 -----------------------------------------------------------------------------------------------

def account_uris():
    def good(name, text, authority):
        write("account-uri", name, "an actor URI is kept byte by byte", "identity.md 1",
              {"text": text}, {"uri": text, "authority": authority})

    def bad(name, rule, text, reason="NotAnActorUri"):
        write("account-uri", name, rule, "identity.md 1", {"text": text}, error(reason))

    good("plain", "https://social.example/users/alice", "social.example")
    good("with_port", "http://localhost:8787/users/alice", "localhost:8787")
    good("with_at_sign_in_path", "https://social.example/@alice", "social.example")
    good("ipv6_with_port", "http://[::1]:8787/users/alice", "[::1]:8787")
    good("without_path", "https://alice.example", "alice.example")
    good("upper_case_is_kept", "https://social.example/users/Alice", "social.example")
    bad("other_scheme", "only http and https", "ftp://social.example/alice")
    bad("scheme_in_capitals", "the scheme is written in small letters", "HTTPS://social.example/alice")
    bad("relative", "a URI is absolute", "/users/alice")
    bad("handle", "a handle is not a URI", "@alice@social.example")
    bad("empty", "a URI is not empty", "")
    bad("without_host", "there is a host", "https:///users/alice")
    bad("host_hidden_by_a_third_slash", "the text itself names the host", "https:///social.example/users/alice")
    bad("host_in_short_ipv4_form", "the text itself names the host", "http://127.1/users/alice")
    bad("host_percent_encoded", "the text itself names the host", "https://%73ocial.example/users/alice")
    bad("default_port_written", "the text itself names the host", "https://social.example:443/users/alice")
    bad("with_credentials", "no credentials", "https://alice:secret@social.example/")
    bad("with_fragment", "a key's URI is not an account's", "https://social.example/users/alice#main-key")
    bad("with_space", "no spaces", "https://social.example/users/al ice")
    bad("with_newline", "no control characters", "https://social.example/users/alice\n")
    bad("with_backslash", "no backslashes, which parsers turn into slashes", "https://social.example\\@evil.example/")
    bad("not_ascii", "only ASCII; other characters are percent-encoded", "https://social.example/users/\u0430lice")
    bad("too_long", "at most 512 bytes", "https://social.example/" + "a" * 490, "TooLong")


def handles():
    def good(name, text, handle):
        parts = handle[1:].split("@")
        write("handle", name, "a handle is @name@host, folded to small letters", "identity.md 1",
              {"text": text}, {"handle": handle, "name": parts[0], "host": parts[1]})

    def bad(name, rule, text):
        write("handle", name, rule, "identity.md 1", {"text": text}, error("NotAHandle"))

    good("plain", "@alice@social.example", "@alice@social.example")
    good("without_first_at", "alice@social.example", "@alice@social.example")
    good("capitals_are_folded", " @Alice@Social.Example ", "@alice@social.example")
    good("with_port", "@alice@localhost:8787", "@alice@localhost:8787")
    bad("empty", "there is a name and a host", "")
    bad("without_host", "there is a host", "@alice")
    bad("empty_host", "the host is not empty", "@alice@")
    bad("empty_name", "the name is not empty", "@@social.example")
    bad("three_parts", "there are two parts", "@alice@social.example@evil.example")
    bad("path_in_host", "a host has no path", "@alice@social.example/users")
    bad("space_in_name", "a name has no spaces", "@al ice@social.example")
    bad("not_ascii", "names are ASCII: look-alikes are refused", "@\u0430lice@social.example")
    bad("too_long", "at most 320 bytes", "@" + "a" * 310 + "@social.example")


# --- identity.md 3 -----------------------------------------------------------------------------------------------

def signing():
    content = b"what is signed"
    signature = ALICE_KEY.sign("SessionStart", content)

    def vector(name, rule, expect, key=ALICE_KEY.public, purpose="SessionStart", text=content, sig=signature):
        write("signing", name, rule, "identity.md 3", {"key": key.hex(), "purpose": purpose, "content": text.hex(),
              "signature": sig.hex()}, expect)

    for purpose in ["DeviceEndorsement", "DeviceRegistration", "SessionStart", "Submission", "CommitReport"]:
        vector(f"label_{purpose}", "the label goes before the content",
               {"signing_input": signing_input(purpose, content).hex()}, purpose=purpose,
               sig=ALICE_KEY.sign(purpose, content))
    long = b"x" * 20_000
    vector("long_content", "lengths are variable-size integers", {"signing_input": signing_input("Submission", long).hex()},
           purpose="Submission", text=long, sig=ALICE_KEY.sign("Submission", long))
    bad = error("BadSignature")
    vector("for_another_purpose", "a signature for one purpose fits no other", bad, purpose="DeviceRegistration")
    vector("over_other_content", "the content is signed", bad, text=b"what is signee")
    vector("by_another_key", "the key signs", bad, key=MALLORY_KEY.public)
    vector("without_label", "the label is signed", bad, sig=ALICE_KEY.secret.sign(content))
    vector("bit_flipped", "a signature is exact", bad, sig=signature[:-1] + bytes([signature[-1] ^ 1]))
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order
    vector("malleable", "S is below the group's order (RFC 8032 section 5.1.7)", bad,
           sig=signature[:32] + s.to_bytes(32, "little"))
    neutral = bytes([1]) + bytes(31)
    vector("key_of_small_order", "a key of small order would sign everything", bad, key=neutral, sig=neutral + bytes(32))
    vector("key_off_the_curve", "the key is a point of the curve", bad, key=bytes([2]) + bytes(31))


def proofs():
    """What a device signs to register and to start a session."""
    ticket, challenge = bytes([0x71]) * 32, bytes([0xC1]) * 32
    registration = ticket + DEVICE + ALICE_KEY.public
    session = challenge + DEVICE

    def vector(name, rule, kind, signature, expect, **changed):
        given = {"kind": kind, "device": DEVICE.hex(), "device_key": DEVICE_KEY.public.hex(), "signature": signature.hex()}
        if kind == "registration":
            given |= {"ticket": ticket.hex(), "account_key": ALICE_KEY.public.hex()}
        else:
            given |= {"challenge": challenge.hex()}
        write("proof", name, rule, "relay-api.md 7", given | changed, expect)

    good = DEVICE_KEY.sign("DeviceRegistration", registration)
    vector("registration", "ticket, device id, account key", "registration", good,
           {"signing_input": signing_input("DeviceRegistration", registration).hex()})
    bad = error("BadSignature")
    vector("registration_with_another_ticket", "the ticket is signed", "registration", good, bad, ticket=(bytes([0x72]) * 32).hex())
    vector("registration_with_another_account_key", "the account key is signed", "registration", good, bad,
           account_key=MALLORY_KEY.public.hex())
    vector("registration_of_another_device", "the device id is signed", "registration", good, bad, device=OTHER_DEVICE.hex())
    good = DEVICE_KEY.sign("SessionStart", session)
    vector("session", "challenge, device id", "session", good, {"signing_input": signing_input("SessionStart", session).hex()})
    vector("session_with_another_challenge", "the challenge is signed", "session", good, bad, challenge=(bytes([0xC2]) * 32).hex())
    vector("session_of_another_device", "the device id is signed", "session", good, bad, device=OTHER_DEVICE.hex())


# --- identity.md 4 -----------------------------------------------------------------------------------------------

def endorsement(account=ALICE, device=DEVICE, key=DEVICE_KEY, created=CREATED, expires=CREATED + YEAR, signer=ALICE_KEY,
                claimed=None, version=1, purpose="DeviceEndorsement", trailing=b""):
    content = opaque(account.encode()) + device + key.public + u64(created) + u64(expires)
    signature = signer.sign(purpose, content)
    return (u8(version) + (claimed or signer).public + device + u64(created) + u64(expires) + opaque(signature) + trailing)


def endorsements():
    def vector(name, rule, extension, expect, account=ALICE, key=DEVICE_KEY, at=CREATED + DAY):
        write("endorsement", name, rule, "identity.md 4", {"extension": extension.hex(), "account": account,
              "device_key": key.public.hex(), "at": at}, expect)

    good = {"account_key": ALICE_KEY.public.hex(), "device": DEVICE.hex(), "expires": CREATED + YEAR}
    vector("valid", "the account key's word for a device", endorsement(), good)
    vector("valid_until_the_last_millisecond", "it holds until `expires`", endorsement(), good, at=CREATED + YEAR - 1)
    vector("clock_an_hour_ahead", "the endorsing clock may be an hour ahead", endorsement(), good, at=CREATED - DAY // 24)
    bad = lambda name, rule, extension, reason, **where: vector(name, rule, extension, error(reason), **where)
    bad("expired", "at `expires` it has ended", endorsement(), "Expired", at=CREATED + YEAR)
    bad("from_the_future", "not more than an hour ahead", endorsement(), "NotYetValid", at=CREATED - DAY // 24 - 1)
    bad("lives_too_long", "at most 365 days", endorsement(expires=CREATED + YEAR + 1), "LivesTooLong")
    bad("other_key_signed", "the key that it names signs", endorsement(signer=MALLORY_KEY, claimed=ALICE_KEY), "BadSignature")
    bad("other_account", "the account is signed", endorsement(), "BadSignature", account=BOB)
    bad("account_in_capitals", "URIs are compared byte by byte", endorsement(), "BadSignature",
        account="https://a.example/users/Alice")
    bad("other_device_key", "the device's key is signed", endorsement(), "BadSignature", key=OTHER_DEVICE_KEY)
    bad("signed_for_a_session", "the purpose is signed", endorsement(purpose="SessionStart"), "BadSignature")
    whole = endorsement()
    bad("other_device_id", "the device id is signed", whole[:33] + OTHER_DEVICE + whole[49:], "BadSignature")
    bad("later_expiry", "the times are signed", whole[:57] + u64(CREATED + YEAR - 5) + whole[65:], "BadSignature")
    bad("other_version", "version 1", endorsement(version=2), "Malformed")
    bad("trailing_byte", "nothing follows", endorsement(trailing=b"\0"), "Malformed")
    bad("truncated", "nothing is missing", whole[:-1], "Malformed")
    bad("empty", "nothing is missing", b"", "Malformed")
    bad("signature_too_short", "a signature has 64 bytes", whole[:65] + opaque(whole[-64:-1]), "Malformed")
    bad("length_not_shortest", "lengths are in their shortest form (RFC 9420 section 2.1.2)",
        whole[:65] + struct.pack(">I", 64 | 0x8000_0000) + whole[-64:], "Malformed")


# --- conversations.md 1, 2 ---------------------------------------------------------------------------------------

def direct_id(first, second):
    return hashlib.sha256(opaque(b"Infrasound 1.0 DirectConversation") + opaque(first.encode()) + opaque(second.encode())).digest()


def context(first=ALICE, second=BOB, generation=0, conversation=None, version=1, kind=1, trailing=b""):
    conversation = conversation or direct_id(first, second)
    return (u8(version) + u8(kind) + conversation + u32(generation) + opaque(first.encode()) + opaque(second.encode()) + trailing)


SALT = bytes([0x5A]) * 16


def group_id(creator, salt):
    return hashlib.sha256(opaque(b"Infrasound 1.0 GroupConversation") + opaque(creator.encode()) + salt).digest()


def group_context(creator=ALICE, salt=SALT, generation=0, conversation=None):
    return u8(1) + u8(2) + (conversation or group_id(creator, salt)) + u32(generation) + opaque(creator.encode()) + salt


def conversations():
    def direct(name, rule, one, other, generation, expect):
        write("direct-id", name, rule, "conversations.md 1", {"one": one, "other": other, "generation": generation}, expect)

    def made(first, second, generation):
        conversation = direct_id(first, second)
        return {"id": conversation.hex(), "group_id": (conversation + u32(generation)).hex(), "hub_account": first,
                "extension": context(first, second, generation).hex()}

    direct("first_asks", "the id follows from the pair", ALICE, BOB, 0, made(ALICE, BOB, 0))
    direct("second_asks", "whoever asks gets the same", BOB, ALICE, 0, made(ALICE, BOB, 0))
    direct("founded_again", "the id stays, the group id changes", ALICE, BOB, 3, made(ALICE, BOB, 3))
    port = "http://localhost:8787/users/alice"
    direct("bytes_decide_the_order", "URIs are sorted byte by byte", port, ALICE, 0, made(port, ALICE, 0))
    direct("capital_letter_is_another_account", "URIs are compared byte by byte", "https://a.example/users/Alice", ALICE, 0,
           made("https://a.example/users/Alice", ALICE, 0))
    direct("with_oneself", "nobody talks to themselves", ALICE, ALICE, 0, error("SameAccount"))

    def extension(name, rule, data, expect):
        write("conversation", name, rule, "conversations.md 2", {"extension": data.hex()}, expect)

    extension("valid", "which conversation, which founding, whose", context(generation=2),
              {"id": direct_id(ALICE, BOB).hex(), "generation": 2, "accounts": [ALICE, BOB],
               "group_id": (direct_id(ALICE, BOB) + u32(2)).hex()})
    bad = lambda name, rule, data, reason: extension(name, rule, data, error(reason))
    bad("id_of_another_pair", "the id is the pair's", context(conversation=direct_id(ALICE, ALICE + "2")), "WrongId")
    bad("accounts_out_of_order", "the account that sorts first stands first",
        context(BOB, ALICE, conversation=direct_id(ALICE, BOB)), "WrongId")
    bad("accounts_out_of_order_with_their_own_id", "the account that sorts first stands first", context(BOB, ALICE), "WrongId")
    bad("one_account_twice", "there are two accounts", context(ALICE, ALICE), "WrongId")
    bad("not_a_uri", "both are actor URIs", context("alice", BOB), "Malformed")
    bad("not_utf8", "both are actor URIs", u8(1) + u8(1) + bytes(32) + u32(0) + opaque(b"\xff\xfe") + opaque(BOB.encode()), "Malformed")
    bad("other_version", "version 1", context(version=2), "Malformed")
    bad("unknown_kind", "direct or group", context(kind=3), "Malformed")
    bad("direct_called_a_group", "each kind has its own form", context(kind=2), "Malformed")

    group = group_id(ALICE, SALT)
    extension("valid_group", "which group, which founding, whose", group_context(generation=2),
              {"id": group.hex(), "generation": 2, "creator": ALICE, "salt": SALT.hex(), "group_id": (group + u32(2)).hex()})
    bad("group_id_of_another_creator", "the id is that of creator and salt", group_context(BOB, conversation=group), "WrongId")
    bad("group_id_of_another_salt", "the id is that of creator and salt", group_context(salt=bytes(16), conversation=group), "WrongId")
    bad("group_under_a_pairs_id", "the label tells the kinds apart", group_context(conversation=direct_id(ALICE, BOB)), "WrongId")
    bad("group_creator_not_a_uri", "the creator is an actor URI", group_context("alice"), "Malformed")
    bad("group_truncated", "nothing is missing", group_context()[:-1], "Malformed")
    bad("group_trailing_byte", "nothing follows", group_context() + b"\0", "Malformed")
    bad("trailing_byte", "nothing follows", context(trailing=b"\0"), "Malformed")
    bad("truncated", "nothing is missing", context()[:-1], "Malformed")
    bad("empty", "nothing is missing", b"", "Malformed")
    bad("length_beyond_the_end", "a length does not promise more than there is", context()[:38] + b"\xbf\xff\xff\xff", "Malformed")


# --- groups.md 2 -------------------------------------------------------------------------------------------------

ROLES = {"moderator": 1, "owner": 2}
LINK_KEY = Key(6)


def policy_bytes(settings=(1, 1, 0, 0, 0), roles=((ALICE, 2),), banned=(), links=(), version=1):
    return (u8(version) + b"".join(map(u8, settings))
            + opaque(b"".join(opaque(account.encode()) + u8(role) for account, role in roles))
            + opaque(b"".join(opaque(account.encode()) for account in banned))
            + opaque(b"".join(key + u64(expires) + u32(uses) for key, expires, uses in links)))


def policies():
    def vector(name, rule, data, expect):
        write("policy", name, rule, "groups.md 2", {"bytes": data.hex()}, expect)

    def bad(name, rule, data): vector(name, rule, data, error("MalformedPolicy"))

    def read(roles, add="moderator", rename="moderator", post="member", join="invite", closed=False, banned=(), links=()):
        return {"add": add, "rename": rename, "post": post, "join": join, "closed": closed, "roles": roles,
                "banned": list(banned), "links": [{"key": key.hex(), "expires": expires, "uses": uses} for key, expires, uses in links]}

    vector("of_a_new_group", "the creator is its owner", policy_bytes(), read({ALICE: "owner"}))
    one, other = bytes([1]) * 32, bytes([2]) * 32
    full = dict(banned=(ALICE + "2", BOB), links=((one, CREATED, 0), (other, CREATED + DAY, 5)))
    vector("of_everything", "roles and bans are sorted, links have each key once",
           policy_bytes((0, 2, 1, 2, 1), ((ALICE, 2), (BOB, 1)), **full),
           read({ALICE: "owner", BOB: "moderator"}, "member", "owner", "moderator", "open", True, **full))
    vector("without_an_owner", "who is not in it is a member", policy_bytes(roles=()), read({}))
    bad("other_version", "version 1", policy_bytes(version=2))
    bad("unknown_role_for_adding", "three roles", policy_bytes((3, 1, 0, 0, 0)))
    bad("unknown_way_to_join", "three ways", policy_bytes((1, 1, 0, 3, 0)))
    bad("closed_by_halves", "0 or 1", policy_bytes((1, 1, 0, 0, 2)))
    bad("roles_out_of_order", "roles are sorted by account", policy_bytes(roles=((BOB, 1), (ALICE, 2))))
    bad("role_twice", "each account once", policy_bytes(roles=((ALICE, 2), (ALICE, 1))))
    bad("role_of_a_mere_member", "who is not in it is a member", policy_bytes(roles=((ALICE, 0),)))
    bad("unknown_role", "moderator or owner", policy_bytes(roles=((ALICE, 3),)))
    bad("role_of_no_uri", "accounts are actor URIs", policy_bytes(roles=(("alice", 2),)))
    bad("bans_out_of_order", "banned is sorted", policy_bytes(banned=(BOB, ALICE)))
    bad("ban_twice", "each account once", policy_bytes(banned=(BOB, BOB)))
    bad("links_out_of_order", "one form", policy_bytes(links=((other, CREATED, 0), (one, CREATED, 0))))
    bad("link_twice", "each key once", policy_bytes(links=((one, CREATED, 0), (one, CREATED, 1))))
    bad("too_many_roles", "100 at most", policy_bytes(roles=[(f"{ALICE}{n:03}", 1) for n in range(101)]))
    bad("too_many_bans", "500 at most", policy_bytes(banned=[f"{ALICE}{n:03}" for n in range(501)]))
    bad("too_many_links", "20 at most", policy_bytes(links=[(bytes([n]) * 32, CREATED, 0) for n in range(21)]))
    bad("truncated", "nothing is missing", policy_bytes()[:-1])
    bad("trailing_byte", "nothing follows", policy_bytes() + b"\0")
    bad("empty", "nothing is missing", b"")
    bad("length_beyond_the_end", "a length does not promise more than there is", policy_bytes()[:6] + b"\xbf\xff\xff\xff")


# --- groups.md 5 -------------------------------------------------------------------------------------------------

def external_joins():
    epoch_group, epoch = group_id(ALICE, SALT) + u32(0), 7
    content = opaque(epoch_group) + u64(epoch) + opaque(BOB.encode()) + DEVICE_KEY.public

    def aad(way, link=bytes(32), signature=b"", version=1): return u8(version) + u8(way) + link + opaque(signature)

    def vector(name, rule, data, expect, **changed):
        given = {"aad": data.hex(), "group_id": epoch_group.hex(), "epoch": epoch, "account": BOB,
                 "device_key": DEVICE_KEY.public.hex()}
        write("external-join", name, rule, "groups.md 5", given | changed, expect)

    def bad(name, rule, data, reason="MalformedJoin", **changed): vector(name, rule, data, error(reason), **changed)

    good = LINK_KEY.sign("GroupJoin", content)
    by_link = aad(1, LINK_KEY.public, good)
    vector("of_a_member", "a device of a member signs nothing besides", aad(0), {"way": "member"})
    vector("by_a_link", "the link's key signed group, epoch, account and device key", by_link,
           {"way": "link", "link": LINK_KEY.public.hex(), "signing_input": signing_input("GroupJoin", content).hex()})
    bad("signed_by_another_link", "the link's key signed", aad(1, LINK_KEY.public, MALLORY_KEY.sign("GroupJoin", content)), "BadSignature")
    bad("signed_for_the_group_info", "a signature is for one purpose",
        aad(1, LINK_KEY.public, LINK_KEY.sign("GroupInfoRequest", content)), "BadSignature")
    bad("of_another_epoch", "the epoch is signed", by_link, "BadSignature", epoch=8)
    bad("of_another_group", "the group is signed", by_link, "BadSignature", group_id=(group_id(BOB, SALT) + u32(0)).hex())
    bad("of_another_account", "the account is signed", by_link, "BadSignature", account=ALICE)
    bad("of_another_device", "the device's key is signed", by_link, "BadSignature", device_key=OTHER_DEVICE_KEY.public.hex())
    bad("member_with_a_link", "a member shows no link", aad(0, LINK_KEY.public))
    bad("member_with_a_signature", "a member shows no signature", aad(0, signature=good))
    bad("link_without_a_signature", "64 bytes", aad(1, LINK_KEY.public))
    bad("link_with_a_short_signature", "64 bytes", aad(1, LINK_KEY.public, good[:-1]))
    bad("unknown_way", "two ways", aad(2, LINK_KEY.public, good))
    bad("other_version", "version 1", aad(0, version=2))
    bad("trailing_byte", "nothing follows", aad(0) + b"\0")
    bad("truncated", "nothing is missing", by_link[:-1])
    bad("empty", "nothing is missing", b"")


# --- conversations.md 4, 5 ---------------------------------------------------------------------------------------

KINDS = {"commit": 1, "message": 2, "confirm": 3, "void": 4}


def chain_start(conversation, generation):
    return hashlib.sha256(b"Infrasound 1.0 LogChain v1" + conversation + u32(generation)).digest()


def chain(conversation, generation, entries):
    value = chain_start(conversation, generation)
    for entry in entries:
        value = hashlib.sha256(value + u64(entry["number"]) + u64(entry["time"]) + u8(KINDS[entry["kind"]])
                               + bytes.fromhex(entry["digest"])).digest()
    return value


def log():
    conversation = direct_id(ALICE, BOB)
    entry = lambda number, kind, data: {"number": number, "time": CREATED + number, "kind": kind,
                                        "digest": hashlib.sha256(data).hexdigest()}
    entries = [entry(1, "commit", b"founding"), entry(2, "confirm", u64(1)), entry(3, "message", b"hello"),
               entry(4, "commit", b"renewal"), entry(5, "void", u64(4))]

    def vector(name, rule, items, expect, generation=0, start=0):
        write("log-chain", name, rule, "conversations.md 5", {"conversation": conversation.hex(), "generation": generation,
              "start": start, "entries": items}, expect)

    def at(number, items, generation=0): return {"number": number, "chain": chain(conversation, generation, items).hex()}
    vector("start", "the start binds conversation and founding", [], at(0, []))
    vector("start_of_the_next_founding", "the chain restarts with each founding", [], at(5, [], 1), generation=1, start=5)
    vector("every_kind", "number, time, kind, digest", entries, at(5, entries))
    again = [entry(6, "commit", b"founded again"), entry(7, "confirm", u64(6))]
    vector("next_founding_goes_on_counting", "numbers go on, the chain does not", again, at(7, again, 1), generation=1, start=5)
    vector("entry_missing", "numbers have no gaps", entries[:1] + entries[2:], error("Gap"))
    vector("entries_swapped", "numbers are in order", [entries[1], entries[0]], error("Gap"))
    vector("entry_repeated", "a number comes once", [entries[0], entries[0]], error("Gap"))
    vector("starts_at_zero", "the first entry is 1", [entry(0, "commit", b"founding")], error("Gap"))

    def differs(name, rule, **change):
        changed = [entries[0] | change] + entries[1:]
        write("log-chain", name, rule, "conversations.md 5", {"conversation": conversation.hex(), "generation": 0, "start": 0,
              "entries": changed, "seen": at(5, entries)}, error("HistoriesDiffer"))

    differs("digest_altered", "other bytes give another value", digest=hashlib.sha256(b"other").hexdigest())
    differs("time_altered", "another time gives another value", time=CREATED)
    differs("kind_altered", "another kind gives another value", kind="message")

    def position(name, rule, data, expect):
        write("log-position", name, rule, "conversations.md 5", {"bytes": data.hex()}, expect)

    value = chain(conversation, 0, entries)
    position("valid", "number, then value", u64(5) + value, {"number": 5, "chain": value.hex()})
    position("truncated", "40 bytes", u64(5) + value[:-1], error("Malformed"))
    position("trailing_byte", "40 bytes", u64(5) + value + b"\0", error("Malformed"))
    position("empty", "40 bytes", b"", error("Malformed"))

    def control(name, rule, data, expect):
        write("control", name, rule, "conversations.md 4", {"bytes": data.hex()}, expect)

    control("names_its_commit", "the number of the commit", u64(258), {"commit": 258})
    control("too_short", "eight bytes", u32(258), error("Malformed"))
    control("too_long", "eight bytes", u64(258) + b"\0", error("Malformed"))
    control("empty", "eight bytes", b"", error("Malformed"))


# --- conversations.md 6, 8 ---------------------------------------------------------------------------------------

def submissions():
    conversation, submission = direct_id(ALICE, BOB), bytes([0x5B]) * 16
    commit, welcome, info, message = b"a commit", b"a Welcome", b"a GroupInfo", b"a message"
    digest = lambda data: hashlib.sha256(data).digest()

    def content(kind, data, welcome=b"", info=b""):
        return conversation + submission + u8(KINDS[kind]) + digest(data) + digest(welcome) + digest(info)

    def vector(name, rule, kind, data, signature, expect, welcome=b"", info=b"", **changed):
        given = {"conversation": conversation.hex(), "submission": submission.hex(), "kind": kind, "bytes": data.hex(),
                 "welcome": welcome.hex(), "group_info": info.hex(), "device_key": DEVICE_KEY.public.hex(),
                 "signature": signature.hex()}
        write("submission", name, rule, "conversations.md 6", given | changed, expect)

    def signed(*what): return DEVICE_KEY.sign("Submission", content(*what))
    def good(*what): return {"signing_input": signing_input("Submission", content(*what)).hex()}
    vector("message", "the exact bytes are signed", "message", message, signed("message", message), good("message", message))
    vector("commit", "Welcome and GroupInfo are signed with it", "commit", commit, signed("commit", commit, welcome, info),
           good("commit", commit, welcome, info), welcome, info)
    vector("commit_without_welcome", "no Welcome is an empty one", "commit", commit, signed("commit", commit, b"", info),
           good("commit", commit, b"", info), b"", info)
    bad = error("BadSignature")
    ok = signed("message", message)
    vector("message_altered", "the exact bytes are signed", "message", b"a massage", ok, bad)
    vector("other_conversation", "the conversation is signed", "message", message, ok, bad, conversation=bytes(32).hex())
    vector("other_id", "the id is signed: a signature is no permit to send again", "message", message, ok, bad,
           submission=bytes(16).hex())
    vector("message_as_commit", "the kind is signed", "commit", message, ok, bad)
    vector("welcome_exchanged", "the Welcome is signed", "commit", commit, signed("commit", commit, welcome, info), bad,
           b"another Welcome", info)
    vector("group_info_exchanged", "the GroupInfo is signed", "commit", commit, signed("commit", commit, welcome, info), bad,
           welcome, b"another GroupInfo")
    vector("signed_by_a_sibling", "the submitting device signs", "message", message,
           OTHER_DEVICE_KEY.sign("Submission", content("message", message)), bad)


def reports():
    conversation, authenticator = direct_id(ALICE, BOB), hashlib.sha256(b"epoch authenticator").digest()

    def content(number, applied, value): return conversation + u64(number) + u8(applied) + value

    def vector(name, rule, number, outcome, signature, expect, authenticator=authenticator, **changed):
        given = {"conversation": conversation.hex(), "number": number, "outcome": outcome,
                 "device_key": DEVICE_KEY.public.hex(), "signature": signature.hex()}
        if outcome == "applied":
            given["authenticator"] = authenticator.hex()
        write("report", name, rule, "conversations.md 8", given | changed, expect)

    applied, cannot = content(7, 1, authenticator), content(7, 0, bytes(32))
    yes, no = DEVICE_KEY.sign("CommitReport", applied), DEVICE_KEY.sign("CommitReport", cannot)
    vector("applied", "number, outcome, authenticator", 7, "applied", yes, {"signing_input": signing_input("CommitReport", applied).hex()})
    vector("cannot_apply", "no authenticator is 32 zero bytes", 7, "cannot-apply", no, {"signing_input": signing_input("CommitReport", cannot).hex()})
    bad = error("BadSignature")
    vector("other_commit", "the number is signed", 8, "applied", yes, bad)
    vector("turned_around", "the outcome is signed", 7, "applied", no, bad)
    vector("other_epoch", "the authenticator is signed", 7, "applied", yes, bad, hashlib.sha256(b"another").digest())
    vector("other_conversation", "the conversation is signed", 7, "applied", yes, bad, conversation=bytes(32).hex())
    vector("signed_as_submission", "the purpose is signed", 7, "applied", DEVICE_KEY.sign("Submission", applied), bad)


# --- conversations.md 9 ------------------------------------------------------------------------------------------

def padme(length):
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    significant = exponent.bit_length()
    mask = (1 << (exponent - significant)) - 1
    return (length + mask) & ~mask


def frame(number, value, content, version=1, length=None, padding=None):
    body = u8(version) + u64(number) + value + u32(len(content) if length is None else length) + content
    return body + (bytes(padme(len(body)) - len(body)) if padding is None else padding)


def frames():
    value, hello = bytes([0x0C]) * 32, b'{"type":"Note"}'

    def vector(name, rule, data, expect):
        write("frame", name, rule, "conversations.md 9", {"bytes": data.hex()}, expect)

    def good(content, canonical): return {"number": 9, "chain": value.hex(), "content": content.hex(), "canonical": canonical}
    vector("valid", "version, number, value, length, content, zeros", frame(9, value, hello), good(hello, True))
    vector("empty_content", "256 bytes at least", frame(9, value, b""), good(b"", True))
    vector("one_more_than_256", "Padmé's length", frame(9, value, b"x" * 212), good(b"x" * 212, True))
    vector("padded_further", "more zeros are accepted", frame(9, value, hello, padding=bytes(700)), good(hello, False))
    vector("not_padded", "fewer zeros are accepted: padding protects the sender", frame(9, value, hello, padding=b""), good(hello, False))
    bad = error("Frame")
    vector("other_version", "version 1", frame(9, value, hello, version=2), bad)
    vector("padding_not_zero", "padding carries nothing", frame(9, value, hello)[:-1] + b"\1", bad)
    vector("length_beyond_the_end", "the length fits", frame(9, value, hello, length=4000), bad)
    vector("length_beyond_the_limit", "60 KiB at most", frame(9, value, b"", length=61441), bad)
    vector("largest_length", "a length costs no memory", frame(9, value, b"", length=0xFFFF_FFFF), bad)
    vector("truncated_header", "45 bytes at least", frame(9, value, hello)[:44], bad)
    vector("empty", "45 bytes at least", b"", bad)

    for length in [0, 1, 211, 212, 467, 468, 1000, 5_000, 30_000, 61_440]:
        write("padding", f"content_of_{length}", "Padmé over header and content", "conversations.md 9",
              {"content_length": length}, {"frame_length": padme(45 + length)})
    write("padding", "content_too_long", "60 KiB at most", "conversations.md 9", {"content_length": 61_441}, error("TooLong"))

    def aad(name, rule, data, expect):
        write("aad", name, rule, "conversations.md 9", {"bytes": data.hex()}, expect)

    tag = bytes([0xF0]) * 32
    aad("without_franking_tag", "the slot is empty yet", u8(1) + opaque(b""), {"franking_tag": None})
    aad("with_franking_tag", "a tag has 32 bytes", u8(1) + opaque(tag), {"franking_tag": tag.hex()})
    aad("other_version", "version 1", u8(2) + opaque(b""), error("Aad"))
    aad("tag_too_short", "a tag has 32 bytes", u8(1) + opaque(tag[:-1]), error("Aad"))
    aad("tag_too_long", "a tag has 32 bytes", u8(1) + opaque(tag + b"\0"), error("Aad"))
    aad("trailing_byte", "nothing follows", u8(1) + opaque(b"") + b"\0", error("Aad"))
    aad("empty", "nothing is missing", b"", error("Aad"))


# --- content.md --------------------------------------------------------------------------------------------------

ACTIVITY, NOTE = "urn:uuid:7d1a6f0e-2f5c-4b1e-9d6a-0c1b2a3d4e5f", "urn:uuid:00000000-0000-4000-8000-000000000001"


def content():
    def text(value): return value if isinstance(value, str) else json.dumps(value)

    def vector(name, rule, section, value, expect):
        write("content", name, rule, f"content.md {section}", {"json": text(value)}, expect)

    def activity(kind, target, **more):
        return {"@context": "https://www.w3.org/ns/activitystreams", "type": kind, "id": ACTIVITY, "object": target} | more

    note = {"type": "Note", "id": NOTE, "content": "<p>hello</p>"}
    create = {"id": ACTIVITY, "act": "create", "object": NOTE, "html": "<p>hello</p>", "in_reply_to": None}
    herd = {"type": "Group", "name": "Herd", "summary": "of the plain"}
    named = {"id": ACTIVITY, "act": "group", "name": "Herd", "summary": "of the plain", "picture": None}
    vector("update_group", "what a group is called", "2", activity("Update", herd), named)
    vector("update_group_without_summary", "a description is not needed", "2", activity("Update", {"type": "Group", "name": "Herd"}), named | {"summary": ""})
    vector("update_group_without_name", "a name is", "2", activity("Update", {"type": "Group", "summary": "x"}), error("Incomplete"))
    vector("update_group_with_blank_name", "a name is more than spaces", "2", activity("Update", herd | {"name": "  "}), error("Incomplete"))
    vector("update_group_with_long_name", "256 bytes at most", "2", activity("Update", herd | {"name": "x" * 257}), error("Incomplete"))
    vector("update_group_with_long_summary", "4,096 bytes at most", "2", activity("Update", herd | {"summary": "x" * 4097}), error("Incomplete"))
    vector("create_note", "a new message", "2", activity("Create", note), create)
    vector("create_reply", "a message that answers", "2", activity("Create", note | {"inReplyTo": ACTIVITY}),
           create | {"in_reply_to": ACTIVITY})
    vector("type_is_a_list", "the last type counts", "3", activity("Create", note | {"type": ["Object", "Note"]}), create)
    vector("bare_note", "a bare Note stands for its Create", "3", note, create | {"id": NOTE})
    vector("attributed_to_is_ignored", "the sender is the MLS leaf", "4",
           activity("Create", note | {"attributedTo": BOB}, actor=BOB), create)
    vector("inner_id_fetchable_in_reply_to", "a reply to what is not of this conversation is a plain note", "2",
           activity("Create", note | {"inReplyTo": "https://evil.example/1"}), create)
    vector("html_is_kept_as_it_is", "HTML is sanitised where it is displayed", "5",
           activity("Create", note | {"content": "<script>alert(1)</script>"}), create | {"html": "<script>alert(1)</script>"})
    vector("update_note", "an edit", "2", activity("Update", {"type": "Note", "id": NOTE, "content": "<p>new</p>"}),
           {"id": ACTIVITY, "act": "update", "object": NOTE, "html": "<p>new</p>"})
    vector("delete_tombstone", "a deletion", "2", activity("Delete", {"type": "Tombstone", "id": NOTE}),
           {"id": ACTIVITY, "act": "delete", "object": NOTE})
    vector("delete_by_id", "an object may be its id alone", "3", activity("Delete", NOTE), {"id": ACTIVITY, "act": "delete", "object": NOTE})
    vector("like", "a reaction without emoji", "2", activity("Like", NOTE), {"id": ACTIVITY, "act": "react", "object": NOTE, "emoji": None})
    vector("emoji_react", "a reaction", "2", activity("EmojiReact", NOTE, content="\U0001f418"),
           {"id": ACTIVITY, "act": "react", "object": NOTE, "emoji": "\U0001f418"})
    elephant = {"type": "EmojiReact", "object": NOTE, "content": "\U0001f418"}
    vector("undo", "takes back a reaction of the same sender", "2", activity("Undo", elephant),
           {"id": ACTIVITY, "act": "unreact", "object": NOTE, "emoji": "\U0001f418"})
    vector("undo_like", "takes back a reaction without emoji", "2", activity("Undo", {"type": "Like", "id": ACTIVITY, "object": {"id": NOTE}}),
           {"id": ACTIVITY, "act": "unreact", "object": NOTE, "emoji": None})
    vector("undo_by_id", "by an id alone nothing is taken back", "7", activity("Undo", NOTE), {"id": ACTIVITY, "act": "undo", "object": NOTE})
    vector("undo_of_something_else", "only reactions are taken back", "7", activity("Undo", {"type": "Announce", "id": NOTE, "object": ACTIVITY}),
           {"id": ACTIVITY, "act": "undo", "object": NOTE})
    vector("acknowledge", "has reached a device", "6", activity("Acknowledge", NOTE, upTo=12),
           {"id": ACTIVITY, "act": "delivered", "object": NOTE, "up_to": 12})
    vector("read", "has been read", "6", activity("Read", NOTE, upTo=12), {"id": ACTIVITY, "act": "read", "object": NOTE, "up_to": 12})
    unknown = lambda name: {"id": ACTIVITY, "act": "unknown", "name": name}
    vector("unknown_activity_is_kept", "what is not known is kept, and shown as such", "7", activity("Offer", NOTE), unknown("Offer"))
    vector("create_of_something_else", "what is not known is kept", "7", activity("Create", {"type": "Question", "id": NOTE}), unknown("Create"))
    vector("update_without_content", "what is not known is kept", "7", activity("Update", {"type": "Note", "id": NOTE, "summary": "x"}), unknown("Update"))
    vector("read_without_up_to", "the receipt of another profile is kept", "7", activity("Read", NOTE), unknown("Read"))
    vector("up_to_negative", "upTo is a number of the log", "6", activity("Read", NOTE, upTo=-1), unknown("Read"))
    vector("up_to_text", "upTo is a number of the log", "6", activity("Read", NOTE, upTo="12"), unknown("Read"))
    bad = lambda name, rule, section, value, reason: vector(name, rule, section, value, error(reason))
    bad("not_json", "content is JSON", "1", "hello", "NotAnActivity")
    bad("empty", "content is JSON", "1", "", "NotAnActivity")
    bad("a_list", "content is an object", "1", [activity("Create", note)], "NotAnActivity")
    blob = {"id": b64(bytes([1]) * 32), "key": b64(bytes([2]) * 32), "size": 70_000, "digest": b64(bytes([3]) * 32)}
    document = {"type": "Document", "mediaType": "image/png", "name": "elephant.png", "urn:infrasound:blob": blob}
    told = {"media_type": "image/png", "name": "elephant.png", "width": None, "height": None, "blob": blob}
    attached = lambda *documents: activity("Create", note | {"attachment": list(documents)})
    vector("attachment", "a file that comes with a message", "8", attached(document), create | {"attachments": [told]})
    vector("attachment_with_measures", "a picture says how large it is", "8", attached(document | {"width": 640, "height": 480}),
           create | {"attachments": [told | {"width": 640, "height": 480}]})
    vector("attachment_alone", "one attachment needs no list", "8", activity("Create", note | {"content": "", "attachment": document}),
           create | {"html": "", "attachments": [told]})
    vector("attachment_of_another_software", "it is shown as one that cannot be fetched", "8",
           attached({"type": "Image", "url": "https://evil.example/track.png"}),
           create | {"attachments": [{"media_type": "application/octet-stream", "name": "", "width": None, "height": None, "blob": None}]})
    vector("attachments_16", "16 at most", "8", attached(*[document] * 16), create | {"attachments": [told] * 16})
    bad("attachments_17", "16 at most", "8", attached(*[document] * 17), "Attachment")
    bad("attachment_name_too_long", "255 bytes at most", "8", attached(document | {"name": "n" * 256}), "Attachment")
    bad("attachment_media_type_too_long", "127 bytes at most", "8", attached(document | {"mediaType": "m" * 128}), "Attachment")
    bad("attachment_without_key", "a reference is whole", "8", attached(document | {"urn:infrasound:blob": {k: v for k, v in blob.items() if k != "key"}}), "Attachment")
    bad("attachment_key_too_short", "a key has 32 bytes", "8", attached(document | {"urn:infrasound:blob": blob | {"key": b64(bytes(31))}}), "Attachment")
    bad("attachment_size_negative", "a size is a number of bytes", "8", attached(document | {"urn:infrasound:blob": blob | {"size": -1}}), "Attachment")
    bad("attachment_size_beyond_all", "2^40 at most", "8", attached(document | {"urn:infrasound:blob": blob | {"size": 2**40 + 1}}), "Attachment")
    pictured = lambda value: attached(document | {"urn:infrasound:thumbnail": value})
    with_thumbnail = lambda value: create | {"attachments": [told | {"thumbnail": value}]}
    vector("thumbnail", "a picture comes with a small one", "8", pictured(b64(b"RIFF")), with_thumbnail(b64(b"RIFF")))
    vector("thumbnail_2048", "2,048 bytes at most", "8", pictured(b64(bytes(2048))), with_thumbnail(b64(bytes(2048))))
    for name, value in [("too_long", b64(bytes(2049))), ("empty", ""), ("padded", "AA=="), ("of_base64", "+/+/"), ("as_an_object", {"url": "https://evil.example/1.png"}),
                        ("null", None)]:
        vector(f"thumbnail_{name}", "a thumbnail that is not as it must be is ignored", "8", pictured(value), create | {"attachments": [told]})
    bad("attachment_blob_is_null", "a reference is an object", "8", attached(document | {"urn:infrasound:blob": None}), "Attachment")
    bad("undo_reaction_without_emoji", "a reaction has an emoji", "2", activity("Undo", {"type": "EmojiReact", "object": NOTE}), "Incomplete")
    bad("undo_of_a_fetchable_object", "ids are not fetchable", "1", activity("Undo", elephant | {"object": "https://evil.example/1"}), "Incomplete")
    bad("two_values", "nothing follows", "1", text(note) + text(note), "NotAnActivity")
    bad("without_type", "an activity has a type", "1", {"id": ACTIVITY, "object": note}, "NotAnActivity")
    bad("type_is_a_number", "a type is text", "1", activity(7, note), "NotAnActivity")
    bad("type_is_an_empty_list", "an activity has a type", "1", activity([], note), "NotAnActivity")
    deep = NOTE
    for _ in range(40):
        deep = {"object": deep}
    bad("too_deep", "32 levels at most", "1", activity("Offer", deep), "NotAnActivity")
    bad("far_too_deep", "32 levels at most", "1", '{"type":"Offer","object":' + "[" * 5000 + "]" * 5000 + "}", "NotAnActivity")
    bad("without_id", "an activity has an id", "1", {"type": "Create", "object": note}, "Id")
    bad("fetchable_id", "ids are not fetchable", "1", activity("Create", note) | {"id": "https://evil.example/1"}, "Id")
    bad("fetchable_note_id", "ids are not fetchable", "1", activity("Create", note | {"id": "HTTPS://evil.example/1"}), "Id")
    bad("note_without_id", "a note has an id", "2", activity("Create", {"type": "Note", "content": "x"}), "Id")
    bad("id_too_long", "256 bytes at most", "1", activity("Create", note) | {"id": "urn:x:" + "a" * 260}, "Id")
    bad("id_with_space", "ids are URIs", "1", activity("Create", note) | {"id": "urn:x:a b"}, "Id")
    bad("create_without_object", "a Create has an object", "2", {"type": "Create", "id": ACTIVITY}, "Incomplete")
    bad("note_without_content", "a note says something", "2", activity("Create", {"type": "Note", "id": NOTE}), "Incomplete")
    bad("note_content_not_text", "a note says something", "2", activity("Create", note | {"content": {"en": "x"}}), "Incomplete")
    bad("delete_without_object", "a Delete names its note", "2", {"type": "Delete", "id": ACTIVITY}, "Incomplete")
    bad("like_of_a_fetchable_object", "only what was said here is reacted to", "2", activity("Like", "https://social.example/1"), "Incomplete")
    bad("reaction_too_long", "64 bytes at most", "2", activity("EmojiReact", NOTE, content="x" * 65), "Incomplete")
    bad("reaction_empty", "a reaction is not empty", "2", activity("EmojiReact", NOTE, content=""), "Incomplete")


# --- blobs.md 2 --------------------------------------------------------------------------------------------------

BLOB_KEY = bytes(range(32))


def padded(n):
    if n <= 256:
        return 256
    exponent = n.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (n + mask) & ~mask


def seal(data, length=None, mark_last=True):
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"Infrasound 1.0 blob seal").derive(BLOB_KEY)
    data = data + bytes((padded(len(data)) if length is None else length) - len(data))
    chunks = [data[i:i + 65536] for i in range(0, len(data), 65536)]
    sealed = []
    for number, chunk in enumerate(chunks):
        last = mark_last and number == len(chunks) - 1
        sealed.append(ChaCha20Poly1305(key).encrypt(bytes(7) + u32(number) + u8(last), chunk, None))
    return sealed


def blobs():
    def pattern(n): return bytes(i * 7 % 251 for i in range(n))

    def vector(name, rule, section, size, sealed, expect, digest=None):
        sealed = b"".join(sealed)
        digest = digest or hashlib.sha256(sealed).digest()
        given = {"key": BLOB_KEY.hex(), "size": size, "digest": digest.hex()}
        write("blob", name, rule, f"blobs.md {section}", given | {"sealed": sealed.hex()}, expect)

    # A file follows from its length: byte i is 7i mod 251. So even a long one is short to write down.
    def good(size): return {"file_sha256": hashlib.sha256(pattern(size)).hexdigest()}

    for name, size in [("empty", 0), ("one_byte", 1), ("padded_to_256", 256), ("not_padded", 272), ("one_more_than_256", 257)]:
        vector(name, "zeros up to the Padme length, one chunk", "2", size, seal(pattern(size)), good(size))
    refused = error("Refused")
    vector("truncated", "the length follows from the size", "3", 257, [seal(pattern(257))[0][:-1]], refused)
    vector("extended", "the length follows from the size", "3", 1, seal(b"x") + [b"y"], refused)
    vector("last_not_marked", "the last chunk is marked", "3", 1, seal(b"x", mark_last=False), refused)
    vector("altered", "a chunk opens or is refused", "3", 1, [bytes([seal(b"x")[0][0] ^ 1]) + seal(b"x")[0][1:]], refused)
    vector("other_digest", "the digest is the message's", "3", 1, seal(b"x"), refused, digest=bytes(32))
    vector("padding_not_zero", "padding is zero", "3", 1, seal(b"x" + bytes(254) + b"\1", 256), refused)
    vector("size_beside_the_padding", "padding is zero", "3", 2, seal(b"xyz"), refused)

    for name, size in [("one_whole_chunk", 65536), ("two_chunks", 65537), ("five_chunks", 300_000)]:
        sealed = b"".join(seal(pattern(size)))
        write("blob-sealed", name, "chunks are numbered, and the last one is marked", "blobs.md 2",
              {"key": BLOB_KEY.hex(), "size": size}, {"sealed_size": len(sealed), "digest": hashlib.sha256(sealed).hexdigest()})

    for size in [0, 1, 256, 257, 65536, 65537, 1_000_000, 100 * 1024 * 1024, 2**40]:
        sealed = padded(size) + 16 * -(-padded(size) // 65536)
        write("blob-size", f"file_of_{size}", "the sealed length follows from the size", "blobs.md 2",
              {"size": size}, {"sealed_size": sealed})
    write("blob-size", "beyond_all", "2^40 at most", "blobs.md 1", {"size": 2**40 + 1}, error("TooLong"))
# --- devices.md 3 to 6 -------------------------------------------------------------------------------------------

def links():
    link, new_key, old_key, nonce, secret = (bytes([n]) * size for n, size in [(1, 16), (2, 32), (3, 32), (4, 32), (5, 32)])

    def transcript(name, mode, account):
        content = (opaque(b"Infrasound 1.0 Link") + u8(mode) + link + opaque(account.encode()) + new_key + nonce + old_key)
        commitment = opaque(b"Infrasound 1.0 LinkCommitment") + new_key + nonce
        write("link-transcript", name, "both devices hash all that they must agree on", "devices.md 4",
              {"mode": mode, "link": link.hex(), "account": account, "new_key": new_key.hex(), "nonce": nonce.hex(), "old_key": old_key.hex()},
              {"digest": hashlib.sha256(content).hexdigest(), "commitment": hashlib.sha256(commitment).hexdigest()})

    transcript("number", 1, ALICE)
    transcript("uri", 2, ALICE)
    transcript("another_account", 1, BOB)
    write("link-transcript", "unknown_mode", "there are two modes", "devices.md 4",
          {"mode": 3, "link": link.hex(), "account": ALICE, "new_key": new_key.hex(), "nonce": nonce.hex(), "old_key": old_key.hex()}, error("LinkMalformed"))

    def frame(name, rule, frame, expect):
        write("link-frame", name, rule, "devices.md 3", {"frame": frame.hex()}, expect)

    frame("commitment", "the new device commits first", u8(1) + nonce, {"kind": "Commitment"})
    frame("answer", "the old device answers with its key", u8(2) + u8(1) + old_key, {"kind": "Answer"})
    frame("opening", "the new device opens what it has committed to", u8(3) + new_key + nonce, {"kind": "Opening"})
    frame("sealed", "all others are sealed", u8(4) + b"x", {"kind": "Sealed"})
    for name, rule, bad in [
        ("empty", "a frame has a kind", b""), ("unknown_kind", "kinds are 1 to 4", u8(5) + nonce),
        ("unknown_mode", "modes are 1 and 2", u8(2) + u8(3) + old_key), ("truncated", "no byte is missing", u8(3) + new_key + nonce[:-1]),
        ("with_more", "no byte follows", u8(1) + nonce + b"x"),
    ]:
        frame(name, rule, bad, error("LinkMalformed"))

    def message(name, rule, message, expect):
        write("link-message", name, rule, "devices.md 5", {"message": message.hex()}, expect)

    message("hello", "the new device says its name", u8(1) + b"laptop", {"kind": "Hello(..)"})
    message("confirmed", "the person has said yes there", u8(2), {"kind": "Confirmed"})
    message("account_key", "the seed of the account key", u8(3) + secret, {"kind": "AccountKey(..)"})
    message("records", "a piece of the stream", u8(4) + b"piece", {"kind": "Records(..)"})
    message("end", "how many records there were", u8(5) + u64(7), {"kind": "End { .. }"})
    message("done", "all is stored", u8(6), {"kind": "Done"})
    for name, rule, bad in [
        ("empty", "a message has a kind", b""), ("unknown_kind", "kinds are 1 to 6", u8(7)), ("without_name", "a name is not empty", u8(1)),
        ("name_too_long", "64 bytes at most", u8(1) + b"x" * 65), ("name_not_utf8", "a name is text", u8(1) + b"\xff"),
        ("seed_too_short", "a seed has 32 bytes", u8(3) + secret[:-1]), ("seed_too_long", "no byte follows", u8(3) + secret + b"x"),
        ("done_with_more", "no byte follows", u8(6) + b"x"),
    ]:
        message(name, rule, bad, error("LinkMalformed"))

    def uri(name, rule, text, expect): write("link-uri", name, rule, "devices.md 3", {"text": text}, expect)

    def shown(data): return "infrasound-link:" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    uri("shown", "channel, key and secret", shown(link + new_key + secret), {"link": link.hex(), "key": new_key.hex(), "secret": secret.hex()})
    for name, rule, bad in [
        ("too_short", "80 bytes", shown(link + new_key)), ("too_long", "80 bytes", shown(link + new_key + secret + b"x")),
        ("other_scheme", "one scheme", "https:" + shown(link + new_key + secret)), ("padded", "without padding", shown(link + new_key + secret) + "="),
    ]:
        uri(name, rule, bad, error("NotALinkUri"))

    def place(code, conversation, page, note, name, value):
        body = u8(code) + conversation + u64(page) + struct.pack(">H", len(note)) + note + struct.pack(">H", len(name)) + name + value
        return u32(len(body)) + body

    def record(name, rule, data, expect):
        write("link-record", name, rule, "devices.md 6", {"stream": data.hex()}, expect)

    zero, one = bytes(32), bytes([6]) * 32
    record("root", "a record of the root", place(1, zero, 0, b"", b"policy", b"v"), {"place": "Root", "name": b"policy".hex(), "value": b"v".hex()})
    record("note", "a record of a note", place(4, one, 0, b"urn:uuid:1", b"note/x", b"v"), {"place": "Note", "name": b"note/x".hex(), "value": b"v".hex()})
    record("page", "a record of a page", place(3, one, 7, b"", u64(450), b"v"), {"place": "Timeline", "name": u64(450).hex(), "value": b"v".hex()})
    record("conversation", "a record of a conversation", place(2, one, 0, b"", b"state", b"v"), {"place": "Conversation", "name": b"state".hex(), "value": b"v".hex()})
    record("not_whole_yet", "what is not whole yet is waited for", place(1, zero, 0, b"", b"policy", b"v")[:-1], {"more": True})
    for name, rule, bad in [
        ("too_long", "1 MiB at most", u32(1024 * 1024 + 1)), ("unknown_place", "places are 1 to 4", place(5, one, 0, b"", b"n", b"v")),
        ("root_with_conversation", "a root has none", place(1, one, 0, b"", b"n", b"v")), ("note_without_id", "a note has one", place(4, one, 0, b"", b"n", b"v")),
        ("page_with_note", "a page has none", place(3, one, 1, b"x", b"n", b"v")), ("cut_inside", "no byte is missing", u32(3) + b"\x01\x00\x00"),
    ]:
        record(name, rule, bad, error("LinkMalformed"))


# --- relay-api.md 4 ----------------------------------------------------------------------------------------------

PROBLEMS = {
    "bad-request": 400, "no-session": 401, "ticket-expired": 401, "instance-refused": 401, "device-revoked": 401,
    "account-refused": 403, "forbidden": 403, "no-consent": 403, "bad-signature": 403, "not-found": 404,
    "unknown-account": 404, "no-infrasound": 404, "other-instance": 404, "no-key-packages": 404, "wrong-epoch": 409,
    "conversation-exists": 409, "account-has-devices": 409, "id-reused": 409, "too-large": 413, "invalid": 422,
    "rate-limited": 429, "internal": 500, "instance-unreachable": 502, "unavailable": 503, "storage-full": 507,
}


def problems():
    def body(urn, **more): return json.dumps({"type": urn, "title": "t", "status": 400, "detail": "d"} | more)

    def vector(name, rule, text, expect):
        write("problem", name, rule, "relay-api.md 4", {"body": text}, expect)

    for name, status in PROBLEMS.items():
        urn = f"urn:infrasound:problem:{name}"
        vector(name.replace("-", "_"), "a type has one status", body(urn), {"type": urn, "status": status})
    vector("unknown_member", "what is not known is skipped", body("urn:infrasound:problem:forbidden", hint="x"),
           {"type": "urn:infrasound:problem:forbidden", "status": 403})
    vector("type_of_a_later_version", "an unknown type is told from all known ones", body("urn:infrasound:problem:lunar-eclipse"), error("Unknown"))
    vector("about_blank", "the default type of RFC 9457 says nothing", body("about:blank"), error("Unknown"))
    vector("without_type", "a problem has a type", '{"title":"t","status":400,"detail":"d"}', error("Malformed"))
    vector("not_json", "a proxy's error page is no problem", "<html>502 Bad Gateway</html>", error("Malformed"))
    vector("status_not_a_number", "the status is a number", body("urn:infrasound:problem:forbidden", status="403"), error("Malformed"))


for make in [account_uris, handles, signing, proofs, endorsements, conversations, policies, external_joins, log, submissions, reports, frames, content,
             blobs, links, problems]:
    make()
