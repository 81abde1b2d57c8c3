using System.Text.RegularExpressions;
using CsCheck;
using Torchyard.Packages.Python.Names;

namespace Torchyard.Tests.Python.Names;

public sealed class PythonNameTests
{
    [Fact]
    public void Names_are_normalised_as_pep_503_says() =>
        // The specification's own definition: re.sub(r"[-_.]+", "-", name).lower()
        Gen.String[Gen.Char["aB9-_."], 0, 20].Sample(name =>
            Assert.Equal(Regex.Replace(name, "[-_.]+", "-").ToLowerInvariant(), PythonName.Normalize(name)));

    [Theory]
    [InlineData("torch", true)]
    [InlineData("A.b_c-9", true)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("a b", false)]
    [InlineData("é", false)]
    [InlineData("", false)]
    public void Only_proper_names_are_valid(string name, bool valid) => Assert.Equal(valid, PythonName.IsValid(name));
}
