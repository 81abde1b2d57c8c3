using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Recipes.Tests.Steps;

/// <summary>What a source of <c>[[files]]</c> holds, where a program in a container may have written it.</summary>
public sealed class ProjectTreeTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly ProjectFiles _files;

    public ProjectTreeTests()
    {
        _root.Write("project/app.toml", "a = 1\n");
        _root.Write("project/tools/sub/b", "b");
        _root.Write("project/tools/a.sh", "#!/bin/sh\n");
        _root.Write("outside/secret", "secret");
        Directory.CreateDirectory(At("project/tools/empty"));
        File.SetUnixFileMode(At("project/tools/a.sh"), (UnixFileMode)0x1ED);
        _files = new ProjectFiles(At("project"));
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_file_and_the_files_of_a_directory_are_found_with_their_sums()
    {
        var file = Assert.Single(List("./app.toml"));
        Assert.Equal(("./app.toml", "", false, 6L), (file.Path, file.Inside, file.IsExecutable, file.Size));
        Assert.Equal(Digest.Of("a = 1\n"u8), file.Sha256);

        Assert.Equal(
            [("tools/a.sh", "a.sh", true), ("tools/sub/b", "sub/b", false)],
            List("tools/").Select(found => (found.Path, found.Inside, found.IsExecutable))
        );
    }

    [Theory]
    [InlineData("../outside/secret")]
    [InlineData("link")]
    [InlineData("../outside")]
    public void What_is_outside_is_read_only_when_that_was_granted(string source)
    {
        File.CreateSymbolicLink(At("project/link"), "../outside/secret");
        Assert.Equal("TY1043", Refused(source).Code);

        _files.Grant(Wish.Directory(At("outside"), "test"));
        Assert.Equal(Digest.Of("secret"u8), Assert.Single(List(source)).Sha256);
    }

    [Fact]
    public void A_link_in_a_directory_is_refused_wherever_it_leads()
    {
        File.CreateSymbolicLink(At("project/tools/sub/c"), "b");
        var refused = Refused("tools");
        Assert.Equal("TY1018", refused.Code);
        Assert.Contains("tools/sub/c of [[files]] is a symbolic link", refused.Message, StringComparison.Ordinal);

        File.Delete(At("project/tools/sub/c"));
        Directory.CreateSymbolicLink(At("project/tools/sub/c"), At("outside"));
        Assert.Equal("TY1018", Refused("tools").Code);
    }

    [Fact]
    public void A_directory_that_becomes_a_link_after_it_was_looked_at_is_not_followed()
    {
        _ = _files.RealOf("tools/sub");
        Directory.Delete(At("project/tools/sub"), recursive: true);
        Directory.CreateSymbolicLink(At("project/tools/sub"), At("outside"));
        Assert.Equal("TY1018", Refused("tools/sub").Code);
    }

    [Theory]
    [InlineData("tools")]
    [InlineData("tools/pipe")]
    public async Task A_fifo_blocks_nobody_and_is_refused(string source)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", [At("project/tools/pipe")]);
        await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("TY1018", Refused(source).Code);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("/")]
    public void The_project_itself_with_its_lock_is_refused(string source)
    {
        _files.Grant(Wish.Directory("/", "test"));
        Assert.Contains("is the project itself", Refused(source).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_that_is_not_there_or_has_no_file_is_refused()
    {
        Assert.Equal("TY1012", Refused("missing").Code);
        Assert.Contains("has no file in it", Refused("tools/empty").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".wh.x")]
    [InlineData("a\nb")]
    public void A_name_that_no_layer_can_have_is_refused(string name)
    {
        _root.Write("project/tools/" + name, "");
        Assert.Contains("has a name that no layer of an image can have", Refused("tools").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_sources_together_have_bounds()
    {
        var few = new ProjectTree(_files, new ProjectTreeBounds { Files = 2 });
        _ = few.List(new FilesSetting("app.toml", "/a"));
        Assert.Contains("the 2 files", Refusal(() => few.List(new FilesSetting("tools", "/b"))).Message, StringComparison.Ordinal);

        var small = new ProjectTree(_files, new ProjectTreeBounds { Bytes = 6 });
        _ = small.List(new FilesSetting("app.toml", "/a"));
        Assert.Contains("larger than 6 B", Refusal(() => small.List(new FilesSetting("tools", "/b"))).Message, StringComparison.Ordinal);

        var shallow = new ProjectTree(_files, new ProjectTreeBounds { LongestPath = 4 });
        Assert.Equal("TY1018", Refusal(() => shallow.List(new FilesSetting("tools", "/b"))).Code);
    }

    private string At(string path) => Path.Combine(_root.Path, path);

    private IReadOnlyList<ProjectTreeFile> List(string source) =>
        new ProjectTree(_files, ProjectTreeBounds.OfRecipes).List(new FilesSetting(source, "/x"));

    private TorchyardException Refused(string source) => Refusal(() => List(source));

    private static TorchyardException Refusal(Func<object> list) => Assert.Throws<TorchyardException>(() => list());
}
