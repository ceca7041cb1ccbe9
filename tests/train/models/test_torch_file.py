"""The reader of PyTorch's files: of both of its formats, of files that PyTorch wrote, and of hostile ones."""

import base64
import io
import os
import pickle
import zipfile
import zlib

import numpy as np
import pytest
from safetensors.numpy import save_file

from train.models.torch_file import read_torch_weights

# Written by PyTorch 2.14: OrderedDict(weight=torch.arange(6.).reshape(2, 3), bias=torch.tensor([0.5, -2.0]),
# turned=weight.t(), n=torch.tensor(7)).
ARCHIVE = (
    "c-o~^&u`LD9Di-0usRu=I@r|t>%x-B+QJ4nbxULFp(Y|mL%fi#RNAbgd*!iZo|c#`@nY1(#FO!+|A8i6{1f!zNlzXY<H0{c-)n)j"
    "T^Me@@Mr?>^W*XTe!i3yCIUb_4)(1i7z3)K8Roh^TUU{qU0bnaDFGe?))uX4wq@xWGVNxIyY19<N3Y*7HN-(MU4c}l%3`t&-E0^L"
    "(i*ZcWwzEvrq$wVj=tPBt$GdV&6e%d)<q67nM^f?5iNXDZRjxKK{(m6Rdm<;kb}`Gh0pMitupwjt+ioHVG)eqQGh}#%nlq<7=_w_"
    "+!KSiIELVG1s<>BtAb@yZNY?rb&QDN@d$9lh$%FJNf*BjM-^%tj(OM<2%fCKQ|>iT+iB``INn7Ytl{dW2#!(c9hg=qB0u3_ClNed"
    "foEKiCOqrGIv2WSHygeCOu0uycn<SX2%g7$)6*Wu1q3fv;H7r9ti<A<-~M{Jf{&72?pwMPE?&2E*@w2Xs-oJu?zC`;WNA21L4mNo"
    "|NZST(I>k<>m(@bv3AN+Q!TU6T-BRMmU5xi_@_0WCk7Tb;7=M$&<7eA1&cic%bQ5INwdk)!cla)%Q6wNbmC$A+K&lRWA;D~32;4-"
    "idkNkuKb4qk9BJizb)Yx-dlLTSt5>7&vu`u@fYa<j%I?61X;>}L+BIjPekvjSolr^;sf-q2K7W)DjxY4h;>+r{@T}Fd$9fpSm^2Z"
    "n!0dQ138W;e|g=wH@N?%fVdX`_v$U(F>wMOsbu=q%(^UP4{3xi=1civv6wHE=I8i)v5=eN1wJPhb7H<EihN1n`8h#!Q<A*DsbsK^"
    "jO&sjW_v#UgCV)kd3cV8(f$FD3LrmHpx-D7llVhC84NBB4wxKa9)A!=13WK$JiP%BhWk^K2*Ae~5Xx>C>rX%s`!0+X!dQRz2C?Z#"
    "2rGuM{{9;YU|;#LeSUX;TTBJOV^J`mVap23&UD+Gx!gkzg`PKQ@A)CxjVtRW_fIFk-aki_^)N&3dGG9Bg{RGc"
)
LEGACY = (
    "c-n1}&2G~`5XbGc<G?~o`KEjp=)t)}t#PgTL=UK!<<ngDf~?eD#amf+#vT`eR4JE6z%y{*$Ybz2JOUC2#&J}N$jW1D$1}hGf7YI|"
    "FFgPKb^q7K;rG|;!zp|5)1vz^7_MA13}aH2SSDp2AE~O=WdSA?$Q62%Ys6f|sz~*y0QO08O5%r!ifjE*)nFZi?aCe{>#VF0dV)!d"
    "cDg`tge~osQ5Iw93%hAZGa;E=B}ghYe^sTbQt30DAO~X*f$2(zI^HWi&Jb9FWtC*ZxIvxQJg(G1qw_RIRn%n_A9)-s*OmQNohnCT"
    "1$NiM_w#auZ@VOio?NAx(DwsBc(S{-wc~{WICG=Pq#<w4ON4W8gdv!)W^i6u!khvBoVA`VAY6=KWj@M*9@Vg#k!ogVXQ(@#7w-E0"
    "b^w>MzF<UKo6}C<vM^8JN=Leia4mxC^AWMB3YEf*|5<+>-po2@w_27Z*bLT%*&4jv@$Mkpjo_X%skMOn9cpm^&*{)l=YR08(=gZ$"
    "J=h?+N%V(A9}GI;BZS8hY_=cjUHfw^8PHtDV$1AXYRHV!^_1d=x!Cj<PscdBrftn0T@+J_Z+m|Lcyp>p"
)
FORMATS = {"archive": ARCHIVE, "legacy": LEGACY}


def bytes_of(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


@pytest.mark.parametrize("kind", FORMATS)
def test_files_of_pytorch(tmp_path, kind):
    path = tmp_path / "small.pth"
    path.write_bytes(bytes_of(FORMATS[kind]))
    state = read_torch_weights(path)
    assert list(state) == ["weight", "bias", "turned", "n"]
    np.testing.assert_array_equal(state["weight"], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(state["turned"], np.arange(6.0).reshape(2, 3).T)
    np.testing.assert_array_equal(state["bias"], [0.5, -2])
    assert state["n"] == 7 and state["n"].dtype == np.int64 and state["weight"].dtype == np.float32


def test_safetensors(tmp_path):
    save_file({"weight": np.arange(3.0)}, tmp_path / "small.safetensors")
    np.testing.assert_array_equal(read_torch_weights(tmp_path / "small.safetensors")["weight"], [0, 1, 2])


def archive_with(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bytes_of(ARCHIVE))) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.infolist():
            is_pickle = member.filename.endswith("/data.pkl")
            target.writestr(member.filename, content if is_pickle else source.read(member))
    return out.getvalue()


class Touch:
    """Makes a file when an unrestricted unpickler reads it."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", FORMATS)
def test_code_is_not_run(tmp_path, kind):
    hostile = pickle.dumps({"weight": Touch(tmp_path / "made")}, protocol=2)
    path = tmp_path / "hostile.pth"
    if kind == "archive":
        path.write_bytes(archive_with(hostile))
    else:
        parts = (0x1950A86A20F9469CFC6C, 1001, {})
        path.write_bytes(b"".join(pickle.dumps(part, protocol=2) for part in parts) + hostile)
    with pytest.raises(ValueError, match=r"it names (posix|nt).mkdir, which is not part of weights"):
        read_torch_weights(path)
    assert not (tmp_path / "made").exists()


def test_other_things_than_arrays_are_refused(tmp_path):
    (tmp_path / "a.pth").write_bytes(archive_with(pickle.dumps({"weight": [1, 2]})))
    with pytest.raises(ValueError, match="other things than named arrays"):
        read_torch_weights(tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match="not a file of weights"):
        read_torch_weights(tmp_path / "b.pth")


def test_compressed_archives_are_refused(tmp_path):
    """They could unpack to any size."""
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(10_000_000))
    with pytest.raises(ValueError, match="compressed"):
        read_torch_weights(tmp_path / "bomb.pth")


def test_arrays_of_one_storage_share_its_memory(tmp_path):
    """Else a small file could name one storage a million times."""
    (tmp_path / "small.pth").write_bytes(bytes_of(ARCHIVE))
    state = read_torch_weights(tmp_path / "small.pth")
    assert np.shares_memory(state["weight"], state["turned"])


def test_members_that_lie_over_each_other_are_refused(tmp_path):
    """Every storage is the same, longest member: together they are longer than the file."""
    content = bytearray(bytes_of(ARCHIVE))
    padding = bytes(2000)
    source = io.BytesIO(content)
    out = io.BytesIO()
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(out, "w") as target:
        for member in archive.infolist():
            target.writestr(member.filename, archive.read(member) + (padding if "/data/" in member.filename else b""))
        data = [member for member in target.infolist() if "/data/" in member.filename]
        for member in data[1:]:
            member.filename, member.header_offset = member.filename, data[0].header_offset
            member.CRC, member.file_size, member.compress_size = data[0].CRC, data[0].file_size, data[0].compress_size
    (tmp_path / "over.pth").write_bytes(out.getvalue())
    with pytest.raises(ValueError, match="not a file of weights"):
        read_torch_weights(tmp_path / "over.pth")


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_refused_or_read(tmp_path, kind):
    """Whatever a byte becomes, the result is arrays within the file, or an error that says that it is not weights."""
    whole = bytes_of(FORMATS[kind])
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.pth"
    n_refused = 0
    for _ in range(600):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.random() < 0.2 else whole)
        for place in rng.integers(0, len(damaged), rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            state = read_torch_weights(path)
        except ValueError:
            n_refused += 1
        else:
            assert sum(values.nbytes for values in state.values()) <= 4 * len(whole)
    assert n_refused > 100
