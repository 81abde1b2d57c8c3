using Torchyard.Reports.Doctor;

namespace Torchyard.Reports.Tests.Doctor;

public sealed class RuntimeHolesTests
{
    private static readonly string[] OfNovember = ["CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881"];

    [Theory]
    [InlineData("1.1.11", true, true)]
    [InlineData("1.1.12", false, true)]
    [InlineData("1.1.15", false, true)]
    [InlineData("1.2.7", false, true)]
    [InlineData("1.2.8", false, false)]
    [InlineData("1.3.2", false, true)]
    [InlineData("1.3.3", false, false)]
    [InlineData("1.3.3+ds1-1", false, false)]
    [InlineData("1.4.0-rc.2", false, true)]
    [InlineData("1.4.0~rc.3+ds1-1", false, false)]
    [InlineData("1.4.0", false, false)]
    [InlineData("2.0.0", false, false)]
    public void Upstream_versions_have_the_holes_that_upstream_names(string version, bool leak, bool november)
    {
        var found = RuntimeHoles.Of("runc", version, "").Select(hole => hole.Id).ToList();
        Assert.Equal([.. leak ? ["CVE-2024-21626"] : Array.Empty<string>(), .. november ? OfNovember : []], found);
    }

    [Fact]
    public void Debians_runc_of_bookworm_has_the_fix_that_its_changelog_names_and_lacks_the_others()
    {
        const string Changelog =
            "runc (1.1.5+ds1-1+deb12u1) bookworm-security; urgency=high\n\n  * CVE-2024-21626: several container breakouts\n";
        Assert.Equal(OfNovember, RuntimeHoles.Of("runc", "1.1.5+ds1-1+deb12u1", Changelog).Select(hole => hole.Id));
    }

    [Fact]
    public void Crun_has_none() => Assert.Empty(RuntimeHoles.Of("crun", "1.8.1-1+deb12u1", ""));
}
