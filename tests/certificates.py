"""Certificates of a test: an authority of its own, and what it says of a server."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OTHER_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Certificates:
    """Paths of the authority's certificate, and of certificate and key of a server."""

    authority: Path
    certificate: Path
    key: Path


def make(folder: Path, host: str) -> Certificates:
    """Write certificates for the server ``host`` into ``folder``; they hold for an hour."""
    folder.mkdir(exist_ok=True)
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = f"演示证书机构 {folder.name}"
    its_own = _certificate(name, root, name, root, is_authority=True)
    of_server = _certificate(host, key, name, root, is_authority=False)
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    made.authority.write_bytes(its_own.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(of_server.public_bytes(serialization.Encoding.PEM))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    made.key.write_bytes(key.private_bytes(*form))
    return made


def _certificate(subject: str, key, issuer: str, signed_by, *, is_authority: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    built = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
    built = built.public_key(key.public_key()).serial_number(x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    built = built.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if is_authority:
        use = dict.fromkeys(OTHER_USES, False) | {"key_cert_sign": True, "crl_sign": True}
        built = built.add_extension(x509.KeyUsage(**use), critical=True)
    else:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return built.sign(signed_by, hashes.SHA256())
