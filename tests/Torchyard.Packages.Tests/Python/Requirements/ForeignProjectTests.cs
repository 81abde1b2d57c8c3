using System.Text;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Recipes.Sources;

namespace Torchyard.Packages.Tests.Python.Requirements;

public sealed class ForeignProjectTests
{
    [Fact]
    public void The_sources_of_uv_say_where_a_requirement_comes_from()
    {
        var read = Read(
            """
            [project]
            name = "a"
            requires-python = ">=3.11"
            dependencies = ["torch>=2.4", "clip", "local", "numpy"]
            [project.optional-dependencies]
            dev = ["x"]
            [dependency-groups]
            test = ["y"]
            [tool.uv.sources]
            torch = { index = "pytorch" }
            clip = { git = "https://github.com/openai/CLIP.git", rev = "main" }
            local = { path = "../local" }
            [[tool.uv.index]]
            name = "pytorch"
            url = "https://download.pytorch.org/whl/cu124"
            explicit = true
            """
        );

        Assert.Equal(
            ["torch>=2.4", "clip @ git+https://github.com/openai/CLIP.git@main", "numpy"],
            read.Requirements.Select(requirement => requirement.Text)
        );
        Assert.Equal(["https://download.pytorch.org/whl/cu124"], read.Indexes.Select(index => index.Url));
        Assert.Equal("local", Assert.Single(read.Refused).Text);
        Assert.Equal((">=3.11", 3), read.Python);
        Assert.Equal(["dev"], read.Extras);
        Assert.Equal(["test"], read.Groups);
        Assert.False(read.IsPlain);
    }

    [Fact]
    public void A_project_of_poetry_is_read_in_its_own_words()
    {
        var read = Read(
            """
            [tool.poetry]
            name = "b"
            [tool.poetry.dependencies]
            python = "^3.9"
            numpy = "^1.21"
            torch = { version = "~2.1", extras = ["opt"] }
            old = "^0.2.3"
            clip = { git = "https://example.org/clip.git", tag = "v1" }
            gone = { version = "1.0", optional = true }
            two = "1.* || 3.*"
            win = { version = "*", python = "<3.12", markers = "sys_platform == 'linux'" }
            """
        );

        Assert.Equal(
            [
                "numpy>=1.21,<2",
                "torch[opt]>=2.1,<2.2",
                "old>=0.2.3,<0.3",
                "clip @ git+https://example.org/clip.git@v1",
                "win; python_version < \"3.12\" and (sys_platform == 'linux')",
            ],
            read.Requirements.Select(requirement => requirement.Text)
        );
        Assert.Equal((">=3.9,<4", 4), read.Python);
        Assert.Equal(["gone", "two = \"1.* || 3.*\""], read.Refused.Select(line => line.Text));
    }

    [Fact]
    public void What_only_a_build_backend_knows_is_named()
    {
        var read = Read("[project]\nname = \"c\"\ndynamic = [\"dependencies\"]\n");
        Assert.Contains("build backend", Assert.Single(read.Refused).Why, StringComparison.Ordinal);
        Assert.False(read.IsPlain);
    }

    [Fact]
    public void A_plain_project_is_plain() => Assert.True(Read("[project]\nname = \"d\"\ndependencies = [\"numpy\"]\n").IsPlain);

    [Fact]
    public void Lines_that_cannot_be_taken_are_kept_with_their_reason_and_the_rest_is_read()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "requirements.txt");
        File.WriteAllText(path, "numpy>=1\n-e .\n-r ../outside.txt\n-r missing.txt\ntorch==2.1 --no-such\neinops\n");
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(directory.Path)!, "outside.txt"), "evil\n");
        var read = new ForeignRequirements(new ProjectFiles(directory.Path));

        read.ReadFile(path, "requirements.txt");

        Assert.Equal(["numpy>=1", "einops"], read.Set.Requirements.Select(ForeignRequirements.Written));
        Assert.Equal([2, 3, 4, 5], read.Refused.Select(line => line.Place!.Line));
        Assert.Contains("is outside of", read.Refused[1].Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{"url": "https://g.example/r.git", "vcs_info": {"vcs": "git", "commit_id": "0123abc"}}""",
        "git+https://g.example/r.git@0123abc"
    )]
    [InlineData("""{"url": "https://h.example/a-1-py3-none-any.whl", "archive_info": {}}""", "https://h.example/a-1-py3-none-any.whl")]
    [InlineData("""{"url": "file:///workspace", "dir_info": {"editable": true}}""", null)]
    [InlineData("""{"url": "https://u:p@h.example/a.whl"}""", null)]
    [InlineData("""{"url": "https://h.example/a\nb"}""", null)]
    [InlineData("""{"url": "https://g.example/r", "vcs_info": {"vcs": "git", "commit_id": "--upload-pack=x"}}""", null)]
    [InlineData("[[[[[[[[[[[[", null)]
    [InlineData("", null)]
    public void Where_a_distribution_came_from_is_read_or_refused(string text, string? reference)
    {
        var origin = DirectOrigin.Parse(text);
        Assert.Equal(reference, origin.Reference);
        Assert.Equal(reference is null, origin.Why is not null);
    }

    private static ForeignProject Read(string text) => ForeignProject.Parse(Encoding.UTF8.GetBytes(text), "pyproject.toml");
}
