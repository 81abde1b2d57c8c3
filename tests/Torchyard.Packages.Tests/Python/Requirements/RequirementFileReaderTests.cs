using Torchyard.Packages.Python.Requirements;
using Torchyard.Recipes;

namespace Torchyard.Tests.Python.Requirements;

public sealed class RequirementFileReaderTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void Everything_that_pip_reads_is_read()
    {
        using var directory = new ScratchDirectory();
        new TestWheel("local", "1").WriteTo(Path.Combine(directory.Path, "sub", "wheels"));
        directory.Write("requirements.txt", $"""
            # a comment
            numpy>=1.2,<2  # trailing
            --index-url https://index/simple
            --extra-index-url=https://extra/simple
            -r sub/more.txt
            -c constraints.txt
            torch==2.9.0 \
                --hash=sha256:{Hash} \
                --hash=sha256:{new string('b', 64)}
            demo[x,y] @ https://host/demo-1-py3-none-any.whl#sha256={Hash} ; python_version >= "3.8"
            """);
        directory.Write("sub/more.txt", "./wheels/local-1-py3-none-any.whl\n-f wheels\n--pre\n");
        directory.Write("constraints.txt", "filelock==3.1\n");

        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);

        Assert.Equal(["numpy", null, "torch", "demo"], set.Requirements.Select(r => r.Requirement?.Name.Normal));
        Assert.Equal(2, set.Requirements[2].Hashes.Count);
        Assert.True(set.Requirements[2].IsPinned);
        Assert.False(set.IsPinned);
        Assert.EndsWith("sub/wheels/local-1-py3-none-any.whl", set.Requirements[1].LocalWheel, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("sub/more.txt", 1, 1), set.Requirements[1].Place);
        Assert.Equal("host", set.Requirements[3].Url!.Host);
        Assert.Equal(["https://index/simple"], set.Indexes);
        Assert.Equal(["https://extra/simple"], set.ExtraIndexes);
        Assert.Equal("filelock", Assert.Single(set.Constraints).Requirement!.Name.Normal);
        Assert.Equal(Path.Combine(directory.Path, "sub", "wheels"), Assert.Single(set.FindLinks));
        Assert.True(set.PreReleases);
    }

    [Fact]
    public void A_circle_is_told_where_it_closes_and_a_file_included_twice_is_none()
    {
        using var directory = new ScratchDirectory();
        directory.Write("requirements.txt", "a\n-r sub/more.txt\n-r sub/more.txt\n");
        directory.Write("sub/more.txt", "b\n");
        Assert.Equal(["a", "b", "b"], Read().Requirements.Select(r => r.Requirement!.Name.Normal));
        directory.Write("sub/more.txt", "b\n\n-r ../requirements.txt\n");
        var error = Assert.Throws<TorchyardException>(Read);
        Assert.Equal(new SourceLocation("sub/more.txt", 3, 1), error.Location);

        RequirementSet Read() => RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xE9, (byte)'\n' }, "UTF-8")]
    [InlineData(new byte[] { (byte)'a', 0, (byte)'\n', 0 }, "UTF-16")]
    public void A_file_of_another_encoding_is_told_as_such(byte[] content, string named)
    {
        using var directory = new ScratchDirectory();
        File.WriteAllBytes(Path.Combine(directory.Path, "requirements.txt"), content);
        var error = Assert.Throws<TorchyardException>(
            () => RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null));
        Assert.Equal("TY2512", error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("iconv", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void Utf_16_with_a_byte_order_mark_is_read_as_pip_reads_it()
    {
        using var directory = new ScratchDirectory();
        File.WriteAllText(Path.Combine(directory.Path, "requirements.txt"), "numpy\n", System.Text.Encoding.Unicode);
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal("numpy", Assert.Single(set.Requirements).Requirement!.Name.Normal);
    }

    [Theory]
    [InlineData("torch==\n", 1, "TY2512")]
    [InlineData("\n\nhg+https://host/x\n", 3, "TY2514")]
    [InlineData("x @ git+ext::sh\n", 1, "TY2514")]
    [InlineData("a\n-e .\n", 2, "TY2512")]
    [InlineData("./src\n", 1, "TY2512")]
    [InlineData("./gone-1-py3-none-any.whl\n", 1, "TY2512")]
    [InlineData("./gone-1.tar.gz\n", 1, "TY2512")]
    [InlineData("https://host/x-1.tar.bz2\n", 1, "TY2512")]
    [InlineData("https://host/archive/main\n", 1, "TY2512")]
    [InlineData("a==1 --hash=md5:00\n", 1, "TY2512")]
    [InlineData("a==1 --hash=sha256:00\n", 1, "TY2512")]
    [InlineData("--no-binary :all:\n", 1, "TY2512")]
    [InlineData("-r requirements.txt\n", 1, "TY2512")]
    [InlineData("a\n-r gone.txt\n", 2, "TY2512")]
    [InlineData("a\n-c .\n", 2, "TY2512")]
    [InlineData("a\n\n${NOPE}==1\n", 3, "TY2512")]
    [InlineData("a\n--index-url https://${NOPE}@host/simple\n", 2, "TY2512")]
    [InlineData("/etc/passwd\n", 1, "TY2512")]
    [InlineData("a\0b\0\n", 1, "TY2512")]
    // A wrong part of a line that goes on after a backslash is told where it stands.
    [InlineData("a\ntorch \\\n  ==\n", 3, "TY2512")]
    [InlineData("torch \\\n>=2, \\\n<x\n", 3, "TY2512")]
    [InlineData("torch[a, \\\n_] \\\n>=2\n", 2, "TY2512")]
    [InlineData("torch>=2 ; \\\n  os_name == 'posix' and \\\n  system == 'x'\n", 3, "TY2512")]
    [InlineData("\\\n?torch \\\n>=2\n", 2, "TY2512")]
    [InlineData("a==1 \\\n  --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \\\n  --hash=sha256:00\n", 3, "TY2512")]
    [InlineData("a==1 \\\n  --hash \\\n  sha256:00\n", 3, "TY2512")]
    [InlineData("a==1 \\\r\n  --hash=md5:00\r\n", 2, "TY2512")]
    [InlineData("a==1 \\\n  --hash=md5:00 \\\n  --global-option=x\n", 3, "TY2512")]
    [InlineData("a==1 \\\n  --hash=sha256:${NOPE}\n", 2, "TY2512")]
    [InlineData("x @ \\\n  https://host/x-1.tar.bz2\n", 2, "TY2512")]
    [InlineData("x @ \\\n  git+ext::sh\n", 2, "TY2514")]
    [InlineData("x @ \\\n  file:///gone-1.tar.gz\n", 2, "TY2512")]
    [InlineData("-r \\\n  gone.txt\n", 2, "TY2512")]
    [InlineData("a \\\n# a comment ends it\n\nb==\n", 4, "TY2512")]
    public void Errors_name_file_line_and_reason(string text, int line, string code)
    {
        using var directory = new ScratchDirectory();
        directory.Write("requirements.txt", text);
        var error = Assert.Throws<TorchyardException>(
            () => RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null));
        Assert.Equal(code, error.Code);
        Assert.Equal(new SourceLocation("requirements.txt", line, 1), error.Location);
        Assert.True(error.IsUsage);
    }

    [Fact]
    public void A_line_that_goes_on_has_the_place_of_its_beginning_and_hashes_in_either_form()
    {
        using var directory = new ScratchDirectory();
        directory.Write("requirements.txt", $"\\\n  torch \\\n  ==2.9.0 \\\n  --hash  sha256:{Hash} \\\n  --hash=sha256:{new string('b', 64)}\nx \\\n");
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal(["torch==2.9.0", "x"], set.Requirements.Select(line => line.Requirement!.ToString()));
        Assert.Equal([2, 6], set.Requirements.Select(line => line.Place!.Line));
        Assert.Equal(2, set.Requirements[0].Hashes.Count);
    }

    [Fact]
    public void Sources_are_read_with_their_revisions_hashes_and_subdirectories()
    {
        using var directory = new ScratchDirectory();
        directory.Write("dist/local-1.tar.gz", "x");
        directory.Write("requirements.txt", $"""
            ./dist/local-1.tar.gz
            remote[x] @ https://host/remote-1.zip#sha256={Hash}&subdirectory=python ; python_version >= "3.8"
            git+https://host/bare.git@main#egg=bare
            named @ git+ssh://git@host/named.git
            --only-binary numpy,Scipy
            """);
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal(["local-1.tar.gz", "remote-1.zip", null, null], set.Requirements.Select(line => line.Source!.Filename));
        Assert.Equal(("./dist/local-1.tar.gz", true), (set.Requirements[0].Source!.Path, set.Requirements[0].Source!.Url.IsFile));
        Assert.Equal((Hash, "python"), (set.Requirements[1].Source!.Sha256!.Value.Hex, set.Requirements[1].Source!.Subdirectory));
        Assert.Equal(("https://host/bare.git", "main"), (set.Requirements[2].Source!.PublicUrl, set.Requirements[2].Source!.Revision));
        Assert.Equal("named", set.Requirements[3].Requirement!.Name.Normal);
        Assert.Equal([false, false, true], new[] { "numpy", "scipy", "torch" }.Select(set.MayBuild));
    }

    [Fact]
    public void Pyproject_gives_its_dependencies_and_extras_with_their_places()
    {
        using var directory = new ScratchDirectory();
        directory.Write("pyproject.toml", "[project]\nname = \"p\"\ndependencies = [\"numpy\"]\n[project.optional-dependencies]\ngpu = [\"torch==2.9.*\"]\n");
        var set = RecipeRequirements.Read(new PythonSettings { Pyproject = "pyproject.toml", PyprojectExtras = ["gpu"] }, directory.Path, _ => null);
        Assert.Equal(["numpy", "torch"], set.Requirements.Select(r => r.Requirement!.Name.Normal));
        Assert.Equal(5, set.Requirements[1].Place!.Line);
        Assert.Equal("TY2512", Assert.Throws<TorchyardException>(
            () => RecipeRequirements.Read(new PythonSettings { Pyproject = "pyproject.toml", PyprojectExtras = ["none"] }, directory.Path, _ => null)).Code);
    }
}
