using System.Text;
using CsCheck;
using Org.BouncyCastle.Bcpg;
using Torchyard.Packages.Debian.Signing;
using Torchyard.Platform.Errors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Packages.Tests.Debian.Signing;

public sealed class SignatureTests
{
    private const string Release = "Origin: Test\nSuite: unit\nDescription: two words  \n-----dashes\n- more\n\nLast: line\n";

    private static readonly DateTime Now = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly TestKey Key = new(Now.AddYears(-1), TimeSpan.FromDays(3650));

    [Fact]
    public void A_good_signature_gives_exactly_the_signed_text()
    {
        var text = Verify(Key.ClearSign(Release, Now.AddHours(-1)), Key);
        Assert.Equal("Origin: Test\nSuite: unit\nDescription: two words\n-----dashes\n- more\n\nLast: line\n", text);
    }

    [Fact]
    public void A_detached_signature_is_good_for_its_bytes_only()
    {
        var signature = Encoding.ASCII.GetBytes(Key.DetachSign(Release, Now.AddHours(-1)));
        var check = new SignatureCheck(Trust(Key), Now);
        Assert.NotNull(check.Check(Encoding.UTF8.GetBytes(Release), signature, "x"));
        Assert.Equal("TY2022", Code(() => check.Check(Encoding.UTF8.GetBytes(Release + " "), signature, "x")));
    }

    [Fact]
    public void Changed_text_is_refused() =>
        Assert.Equal("TY2022", Code(() => Verify(Key.ClearSign(Release, Now).Replace("Suite: unit", "Suite: evil"), Key)));

    [Fact]
    public void An_unknown_key_is_refused() =>
        Assert.Equal("TY2021", Code(() => Verify(Key.ClearSign(Release, Now), new TestKey(Now.AddYears(-2)))));

    [Fact]
    public void An_expired_key_is_refused_today_and_taken_for_a_snapshot()
    {
        var old = new TestKey(Now.AddYears(-3), TimeSpan.FromDays(365));
        var signed = old.ClearSign(Release, Now.AddYears(-3).AddDays(10));
        Assert.Equal("TY2023", Code(() => Verify(signed, old)));
        Assert.NotEmpty(Verify(signed, old, atSigningTime: true));
        Assert.Equal("TY2023", Code(() => Verify(old.ClearSign(Release, Now.AddYears(-1)), old, atSigningTime: true)));
    }

    [Fact]
    public void A_revoked_key_is_refused()
    {
        var revoked = new TestKey(Now.AddYears(-1), revoked: true);
        Assert.Equal("TY2023", Code(() => Verify(revoked.ClearSign(Release, Now), revoked)));
    }

    [Fact]
    public void Weak_hashes_are_refused()
    {
        Assert.Equal("TY2024", Code(() => Verify(Key.ClearSign(Release, Now, HashAlgorithmTag.Sha1), Key)));
        Assert.Equal("TY2024", Code(() => Verify(Key.ClearSign(Release, Now, header: "Hash: SHA1"), Key)));
    }

    [Fact]
    public void A_signature_from_the_future_names_the_clock() =>
        Assert.Contains("clock", Assert.Throws<TorchyardException>(() => Verify(Key.ClearSign(Release, Now.AddDays(2)), Key)).Message);

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    [InlineData("header")]
    [InlineData("blank header end")]
    [InlineData("dash")]
    [InlineData("second block")]
    [InlineData("no end")]
    [InlineData("no signature")]
    public void Text_around_or_inside_the_frame_is_refused(string where)
    {
        var signed = Key.ClearSign(Release, Now);
        var bad = where switch
        {
            "before" => "Origin: Evil\n" + signed,
            "after" => signed + "Origin: Evil\n",
            "header" => signed.Replace("Hash: SHA256\n", "Hash: SHA256\nComment: Origin\n"),
            "blank header end" => signed.Replace("Hash: SHA256\n\n", "Hash: SHA256\n \n"),
            "dash" => signed.Replace("- -----dashes", "-----dashes"),
            "second block" => signed.Replace("-----END PGP SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----"),
            "no end" => signed.Replace("-----END PGP SIGNATURE-----", ""),
            _ => signed[..signed.IndexOf("-----BEGIN PGP SIGNATURE-----", StringComparison.Ordinal)],
        };
        Assert.Equal("TY2020", Code(() => Verify(bad, Key)));
    }

    [Fact]
    public void Damage_is_refused_or_does_not_matter()
    {
        var signed = Encoding.UTF8.GetBytes(Key.ClearSign(Release, Now));
        var good = Verify(Encoding.UTF8.GetString(signed), Key);
        var trust = Trust(Key);
        Gen.Select(Gen.Int[0, signed.Length - 1], Gen.Byte)
            .Array[1, 3]
            .Sample(
                edits =>
                {
                    var bytes = (byte[])signed.Clone();
                    foreach (var (at, value) in edits)
                    {
                        bytes[at] = value;
                    }

                    try
                    {
                        var text = ClearSignedText.Read(bytes, "x");
                        new SignatureCheck(trust, Now).Check(text.SignedBytes, text.Signature, "x");
                        return Encoding.UTF8.GetString(text.Text) == good;
                    }
                    catch (TorchyardException)
                    {
                        return true;
                    }
                },
                iter: 500
            );
    }

    [Fact]
    public void Damaged_keyrings_are_refused()
    {
        var armoured = Encoding.ASCII.GetBytes(Key.Armoured);
        Gen.Select(Gen.Int[0, armoured.Length - 1], Gen.Byte)
            .Array[1, 3]
            .Sample(
                edits =>
                {
                    var bytes = (byte[])armoured.Clone();
                    foreach (var (at, value) in edits)
                    {
                        bytes[at] = value;
                    }

                    try
                    {
                        new TrustedKeys().AddText(Encoding.Latin1.GetString(bytes), "x");
                    }
                    catch (TorchyardException error)
                    {
                        Assert.Equal("TY2029", error.Code);
                    }
                },
                iter: 200
            );
    }

    [Fact]
    public void Debian_s_keys_are_built_in()
    {
        var keys = TrustedKeys.BuiltIn().All;
        foreach (
            var fingerprint in new[]
            {
                "B8E5F13176D2A7A75220028078DBA3BC47EF2265",
                "89C87ACEA5DD6B8E6A7068808E9F831205B4BA95",
                "41587F7DB8C774BCCF131416762F67A0B2C39DE4",
                "4CB50190207B4758A3F73A796ED0E7B82643E131",
            }
        )
        {
            Assert.Contains(keys, key =>
                key.Fingerprint == fingerprint && !key.IsRevoked && key.ExpiresAt > new DateTime(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc)
            );
        }
    }

    private static TrustedKeys Trust(TestKey key)
    {
        var keys = new TrustedKeys();
        keys.AddText(key.Armoured, "test");
        return keys;
    }

    private static string Verify(string signed, TestKey trusted, bool atSigningTime = false)
    {
        var text = ClearSignedText.Read(Encoding.UTF8.GetBytes(signed), "x");
        new SignatureCheck(Trust(trusted), Now, atSigningTime).Check(text.SignedBytes, text.Signature, "x");
        return Encoding.UTF8.GetString(text.Text);
    }

    private static string Code(Action action) => Assert.Throws<TorchyardException>(action).Code;
}
