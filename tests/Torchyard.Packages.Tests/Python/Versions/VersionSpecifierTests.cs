using CsCheck;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Tests.Python.Versions;

public sealed class VersionSpecifierTests
{
    // Sources: PEP 440, one block a section; the table of pypa/packaging's own tests for the corners.
    [Theory]
    // Compatible release
    [InlineData("~=2.2", "2.3", true)]
    [InlineData("~=2.2", "3.0", false)]
    [InlineData("~=1.4.5", "1.4.9", true)]
    [InlineData("~=1.4.5", "1.5.0", false)]
    [InlineData("~=2.2.post3", "2.2", false)]
    [InlineData("~=2.2.post3", "2.3", true)]
    [InlineData("~=1.4.5a4", "1.4.5a3", false)]
    [InlineData("~=1!2.2", "2.3", false)]
    // Version matching
    [InlineData("==1.1", "1.1.post1", false)]
    [InlineData("==1.1.*", "1.1.post1", true)]
    [InlineData("==1.1.*", "1.1a1", true)]
    [InlineData("==1.1.*", "1.10", false)]
    [InlineData("==1.0.*", "1", true)]
    [InlineData("==1", "1.0.0", true)]
    [InlineData("==2.9.1", "2.9.1+cu128", true)]
    [InlineData("==2.9.1+cu128", "2.9.1", false)]
    [InlineData("==2.9.1+cu128", "2.9.1+cu128", true)]
    [InlineData("==13.1.0.3.*", "13.1.0.3", true)]
    [InlineData("==13.1.0.3.*", "13.1.0.30", false)]
    // Version exclusion
    [InlineData("!=3.14.1", "3.14.1", false)]
    [InlineData("!=1.1.*", "1.1.3", false)]
    [InlineData("!=1.1", "1.1.post1", true)]
    // Inclusive ordered comparison
    [InlineData(">=2.9", "2.9+cu128", true)]
    [InlineData("<=2.9", "2.9+cu128", true)]
    [InlineData("<=2.9", "2.9.1", false)]
    // Exclusive ordered comparison
    [InlineData(">1.7", "1.7.1", true)]
    [InlineData(">1.7", "1.7.0.post1", false)]
    [InlineData(">1.7.post2", "1.7.post3", true)]
    [InlineData(">1.7", "1.7+cu128", false)]
    [InlineData("<82", "82.dev1", false)]
    [InlineData("<82", "81.0.0", true)]
    [InlineData("<82rc2", "82rc1", true)]
    // Arbitrary equality
    [InlineData("===1.0", "1.0", true)]
    [InlineData("===1.0", "1.0.0", false)]
    [InlineData("===1.0+CU128", "1.0+cu128", true)]
    public void A_clause_matches_as_the_specification_says(string clause, string version, bool matches)
    {
        Assert.True(VersionSpecifier.TryParse(clause, out var specifier));
        Assert.Equal(matches, specifier.Matches(PythonVersion.Parse(version)));
    }

    [Theory]
    [InlineData("2.9")]
    [InlineData("=2.9")]
    [InlineData("~=2")]
    [InlineData(">=2.9.*")]
    [InlineData("==2.9a1.*")]
    [InlineData(">=2.9+cu128")]
    [InlineData("==2.9+cu128.*")]
    [InlineData(">=")]
    [InlineData("=== ")]
    public void A_wrong_clause_is_refused(string clause) => Assert.False(VersionSpecifier.TryParse(clause, out _));

    [Theory]
    [InlineData(">=3.10,!=3.14.1", "3.12", true)]
    [InlineData(">=3.10,!=3.14.1", "3.14.1", false)]
    [InlineData(">=3.10,<3.15", "3.15", false)]
    [InlineData("(>=1.0)", "1.0", null)]
    [InlineData(">=1.0,", "1.0", true)]
    [InlineData("", "0.1", true)]
    [InlineData("2.9", "2.9", null)]
    [InlineData(",", "2.9", null)]
    public void A_set_holds_when_all_clauses_do(string text, string version, bool? contains)
    {
        Assert.Equal(contains is not null, VersionSpecifierSet.TryParse(text, out var set));
        if (contains is not null)
        {
            Assert.Equal(contains, set!.Contains(PythonVersion.Parse(version)));
        }
    }

    [Theory]
    [InlineData(">=2.9", "2.10.0rc1", null, false)]
    [InlineData(">=2.9", "2.10.0rc1", true, true)]
    [InlineData(">=2.10.0rc1", "2.10.0rc2", null, true)]
    [InlineData(">=2.10.0rc1", "2.10.0rc2", false, false)]
    [InlineData("", "1.0.dev1", null, false)]
    public void Pre_releases_pass_only_when_named_or_asked_for(string text, string version, bool? allow, bool contains) =>
        Assert.Equal(contains, VersionSpecifierSet.Parse(text).Contains(PythonVersion.Parse(version), allow));

    [Fact]
    public void Clauses_agree_with_the_order() =>
        Gen.Select(VersionGen.Any, VersionGen.Any)
            .Sample(
                (candidate, bound) =>
                {
                    var at = bound.Public;
                    return Matches($">={at}", candidate) == candidate.Public >= at
                        && Matches($"<={at}", candidate) == candidate.Public <= at
                        && Matches($"=={bound}", candidate) != Matches($"!={bound}", candidate)
                        && (!Matches($">{at}", candidate) || candidate > at)
                        && (!Matches($"<{at}", candidate) || candidate < at);
                }
            );

    [Fact]
    public void A_set_reads_back_from_its_text() =>
        Gen.Select(VersionGen.OneOf(">=", "<=", "<", ">", "!=", "=="), VersionGen.Any)
            .Array[0, 4]
            .Sample(clauses =>
            {
                var set = VersionSpecifierSet.Parse(string.Join(',', clauses.Select(c => c.Item1 + c.Item2.Public)));
                return VersionSpecifierSet.Parse(set.ToString()).Equals(set);
            });

    private static bool Matches(string clause, PythonVersion version) =>
        VersionSpecifier.TryParse(clause, out var specifier) && specifier.Matches(version);
}
