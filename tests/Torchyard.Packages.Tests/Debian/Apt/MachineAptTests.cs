using CsCheck;
using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Tests.Debian.Apt;

public sealed class MachineAptTests
{
    private static readonly DebianBase Trixie = new() { Suite = "trixie" };

    [Fact]
    public void Sources_of_both_forms_are_read()
    {
        using var root = new TemporaryDirectory();
        root.Write(
            "etc/apt/sources.list",
            "# x\ndeb [arch=amd64 signed-by=/k.gpg check-valid-until=no] http://m/debian trixie main contrib # c\ndeb-src "
                + "http://m/debian trixie main\n"
        );
        root.Write(
            "etc/apt/sources.list.d/a.sources",
            """
            Types: deb deb-src
            URIs: http://a/debian http://b/debian
            Suites: trixie trixie-updates
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             abc
             -----END PGP PUBLIC KEY BLOCK-----

            Enabled: no
            Types: deb
            URIs: http://c/debian
            Suites: trixie
            Components: main
            """
        );
        root.Write("etc/apt/sources.list.d/b.list.save", "deb http://never/debian trixie main");
        var machine = Read(root);
        Assert.Equal(5, machine.Sources.Count);
        Assert.Equal(["/k.gpg"], machine.Sources[0].SignedBy);
        Assert.False(machine.Sources[0].CheckValidUntil);
        Assert.Equal(["main", "contrib"], machine.Sources[0].Components);
        Assert.Contains("\n\nabc\n", machine.Sources[1].SignedByKey);
        Assert.Empty(machine.Notes);
    }

    [Fact]
    public void The_machine_s_mirror_of_the_same_archive_comes_before_Debian_s()
    {
        using var root = new TemporaryDirectory();
        root.Write(
            "etc/apt/sources.list",
            """
            deb http://download.docker.com/linux/debian trixie stable
            deb http://packages.example.org/debian/13/prod trixie main
            deb http://mirror.site/debian bookworm main
            deb http://mirror.site/debian-security bookworm-security main
            deb http://vendor/debian trixie main
            deb cdrom:[Debian]/ trixie main
            deb mirror+file:/etc/apt/mirrors.list trixie main
            """
        );
        root.Write("etc/apt/mirrors.list", "http://listed/debian\tpriority:1\n# c\n");
        root.Write(
            "var/lib/apt/lists/vendor_debian_dists_trixie_InRelease",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Vendor\nLabel: Vendor\n"
        );
        root.Write("var/lib/apt/lists/mirror+file:_etc_apt_mirrors.list_dists_trixie_InRelease", "Origin: Debian\nLabel: Debian\n");
        var notes = new List<string>();
        var archives = ArchiveCatalogue.Of(Trixie, Read(root), notes);
        Assert.Equal(["trixie", "trixie-security"], archives.Select(archive => archive.Id));
        Assert.Equal(
            ["http://mirror.site/debian/", "http://deb.debian.org/debian/"],
            archives[0].Mirrors.Select(mirror => mirror.AbsoluteUri).Where(mirror => !mirror.Contains("listed"))
        );
        Assert.Equal(
            ["http://mirror.site/debian-security/", "http://deb.debian.org/debian-security/"],
            archives[1].Mirrors.Select(mirror => mirror.AbsoluteUri)
        );
        Assert.Equal("http://deb.debian.org/debian", archives[0].CanonicalUri);
    }

    [Fact]
    public void A_recipe_s_mirrors_stand_alone_and_a_snapshot_needs_none()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/apt/sources.list", "deb http://mirror.site/debian trixie main\n");
        var machine = Read(root);
        var own = ArchiveCatalogue.Of(Trixie with { Mirrors = ["http://one/debian", "http://two/debian/"] }, machine, []);
        Assert.Equal(["http://one/debian/", "http://two/debian/"], own[0].Mirrors.Select(mirror => mirror.AbsoluteUri));
        Assert.Equal(["http://deb.debian.org/debian-security/"], own[1].Mirrors.Select(mirror => mirror.AbsoluteUri));
        var old = ArchiveCatalogue.Of(Trixie with { Snapshot = "20260102T030405Z" }, machine, []);
        Assert.Equal("http://snapshot.debian.org/archive/debian/20260102T030405Z", old[0].CanonicalUri);
        Assert.Single(old[0].Mirrors);
        Assert.False(old[0].CheckValidUntil);
        Assert.Equal(
            "TY2013",
            Assert.Throws<TorchyardException>(() => ArchiveCatalogue.Of(Trixie with { Snapshot = "yesterday" }, machine, [])).Code
        );
        Assert.Equal(
            "TY2012",
            Assert.Throws<TorchyardException>(() => ArchiveCatalogue.Of(Trixie with { Mirrors = ["ftp://x/debian"] }, machine, [])).Code
        );
        Assert.Equal(
            "TY2013",
            Assert.Throws<TorchyardException>(() => ArchiveCatalogue.Of(Trixie with { Suite = "../x" }, machine, [])).Code
        );
    }

    [Fact]
    public void Date_checks_follow_apt_conf()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/apt/apt.conf.d/99x", "Acquire::Check-Valid-Until \"false\";");
        root.Write("etc/apt/apt.conf.d/98y.conf", "Acquire::Check-Date \"false\";");
        root.Write("etc/apt/apt.conf.d/97z.bak", "Acquire::http::Proxy \"http://never\";");
        root.Write("etc/apt/apt.conf", "Acquire::Check-Date \"true\";");
        var machine = Read(root);
        var archive = ArchiveCatalogue.Of(Trixie, machine, [])[0];
        Assert.True(archive.CheckDate);
        Assert.False(archive.CheckValidUntil);
        Assert.Null(machine.Configuration["Acquire::http::Proxy"]);
    }

    [Theory]
    [InlineData("http://deb.debian.org/x", "http://site:3128/")]
    [InlineData("http://direct.example.org/x", null)]
    [InlineData("http://special.example.org/x", "http://special:1/")]
    [InlineData("https://deb.debian.org/x", "http://site:3128/")]
    public void Apt_s_proxy_settings_count(string address, string? proxy)
    {
        var configuration = new AptConfiguration();
        configuration.Read(
            "Acquire::http { Proxy \"http://site:3128\"; Proxy { direct.example.org \"DIRECT\"; special.example.org \"special:1\"; }; };",
            "x"
        );
        Assert.Equal(proxy, new AptProxy(configuration, _ => "http://environment:1").GetProxy(new Uri(address))?.AbsoluteUri);
    }

    [Theory]
    [InlineData("http://deb.debian.org/x", "http://env:8080/")]
    [InlineData("https://deb.debian.org/x", "http://secure:1/")]
    [InlineData("http://inside.site/x", null)]
    [InlineData("http://site/x", null)]
    [InlineData("http://notsite/x", "http://env:8080/")]
    public void Else_the_environment_s(string address, string? proxy)
    {
        var environment = new Dictionary<string, string>
        {
            ["http_proxy"] = "http://user:pw@env:8080",
            ["HTTPS_PROXY"] = "secure:1",
            ["no_proxy"] = "localhost, .site",
        };
        Assert.Equal(
            proxy,
            new AptProxy(new AptConfiguration(), name => environment.GetValueOrDefault(name)).GetProxy(new Uri(address))?.AbsoluteUri
        );
    }

    [Fact]
    public void Logins_go_where_auth_conf_says_and_not_over_plain_http_unless_told()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/apt/auth.conf", "machine repo.example.org login me password secret\n# machine x login y\n");
        root.Write("etc/apt/auth.conf.d/x.conf", "machine http://plain.example.org:8080/debian\n login a\n password b\n");
        var credentials = Read(root).Credentials;
        Assert.Equal("secret", credentials.For(new Uri("https://repo.example.org/debian/x"))!.Password);
        Assert.Null(credentials.For(new Uri("http://repo.example.org/debian/x")));
        Assert.Equal("a", credentials.For(new Uri("http://plain.example.org:8080/debian/pool"))!.UserName);
        Assert.Null(credentials.For(new Uri("http://plain.example.org:8080/other")));
        Assert.Null(credentials.For(new Uri("http://plain.example.org/debian")));
        Assert.Equal("p@", credentials.For(new Uri("http://u:p%40@any/"))!.Password);
    }

    [Fact]
    public void A_broken_file_of_the_machine_is_noted_and_does_not_stop_a_build()
    {
        using var root = new TemporaryDirectory();
        root.Write("etc/apt/sources.list", "nonsense\n");
        root.Write("etc/apt/sources.list.d/a.list", "deb http://mirror.site/debian trixie main\n");
        root.Write("etc/apt/apt.conf", "a { b");
        var machine = Read(root);
        Assert.Single(machine.Sources);
        Assert.Equal(2, machine.Notes.Count);
    }

    [Fact]
    public void Any_sources_text_is_read_or_refused() =>
        Gen.Select(Gen.Bool, Gen.Char["deb [=]:/.#\nTURIsuyp-"].Array[0, 60].Select(chars => new string(chars)))
            .Sample(
                (list, text) =>
                {
                    try
                    {
                        _ = list
                            ? AptSourcesReader.ReadList("deb " + text, "x")
                            : AptSourcesReader.ReadSources("Types: deb\nURIs: " + text, "x");
                    }
                    catch (TorchyardException error)
                    {
                        Assert.Contains(error.Code, new[] { "TY2011", "TY2002" });
                    }
                }
            );

    private static MachineApt Read(TemporaryDirectory root) => MachineApt.Read(root.Path, _ => null);
}
