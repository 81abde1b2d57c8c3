using Torchyard.Images.Steps;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Steps;

/// <summary>Where files of the project land, and where they do not.</summary>
public sealed class FilesSourceTests : IDisposable
{
    private readonly StepsBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Files_are_where_the_recipe_says_with_mode_and_time()
    {
        Write("app.toml", "a = 1\n");
        Write("tools/sub/b", "b");
        Write("tools/a.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(At("tools/a.sh"), (UnixFileMode)0x1ED);

        var root = await MakeAsync(
            new FilesSetting("app.toml", "/etc/app/app.toml") { Mode = 0x180 },
            new FilesSetting("tools", "/opt/tools")
        );

        Assert.Equal("a = 1\n", File.ReadAllText($"{root}/etc/app/app.toml"));
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode($"{root}/etc/app/app.toml"));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode($"{root}/opt/tools/a.sh"));
        Assert.Equal((UnixFileMode)0x1A4, File.GetUnixFileMode($"{root}/opt/tools/sub/b"));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode($"{root}/opt/tools/sub"));
        Assert.All(Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories), path =>
            Assert.Equal(StepsBench.Epoch, new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeSeconds())
        );
    }

    [Fact]
    public async Task Links_of_the_image_lead_inside_it_alone()
    {
        Directory.CreateDirectory($"{_bench.Base}/usr/bin");
        File.CreateSymbolicLink($"{_bench.Base}/bin", "usr/bin");
        var elsewhere = "/srv/" + Path.GetFileName(Path.GetDirectoryName(_bench.Base));
        File.CreateSymbolicLink($"{_bench.Base}/data", elsewhere);
        File.CreateSymbolicLink($"{_bench.Base}/up", "../../../../..");
        Write("tool", "t");

        var root = await MakeAsync(
            new FilesSetting("tool", "/bin/tool"),
            new FilesSetting("tool", "/data/tool"),
            new FilesSetting("tool", "/up/etc/tool")
        );

        Assert.True(File.Exists($"{root}/usr/bin/tool"));
        Assert.True(File.Exists($"{root}{elsewhere}/tool"));
        Assert.True(File.Exists($"{root}/etc/tool"));
        Assert.False(Directory.Exists($"{root}/bin"));
        Assert.False(Directory.Exists(elsewhere));
    }

    [Fact]
    public async Task A_link_of_the_files_own_name_is_replaced_and_a_directory_below_keeps_what_it_is()
    {
        Directory.CreateDirectory($"{_bench.Base}/etc");
        File.SetUnixFileMode($"{_bench.Base}/etc", (UnixFileMode)0x1C0);
        File.CreateSymbolicLink($"{_bench.Base}/etc/localtime", "/usr/share/zoneinfo/UTC");
        Write("zone", "z");

        var root = await MakeAsync(new FilesSetting("zone", "/etc/localtime"));

        Assert.Null(new FileInfo($"{root}/etc/localtime").LinkTarget);
        Assert.Equal("z", File.ReadAllText($"{root}/etc/localtime"));
        Assert.Equal((UnixFileMode)0x1C0, File.GetUnixFileMode($"{root}/etc"));
    }

    [Theory]
    [InlineData("/opt", "the image has a directory there")]
    [InlineData("/file/x", "a part of that path is not a directory")]
    [InlineData("/circle/x", "a part of that path is not a directory")]
    [InlineData("/kernel/x", "a link leads from there to /proc/x, which is the kernel's")]
    [InlineData("/database/status", "a link leads from there to /var/lib/dpkg/status, which belongs to the package manager")]
    public async Task A_place_that_is_taken_is_refused(string target, string why)
    {
        Directory.CreateDirectory($"{_bench.Base}/opt");
        File.WriteAllText($"{_bench.Base}/file", "");
        File.CreateSymbolicLink($"{_bench.Base}/circle", "circle");
        File.CreateSymbolicLink($"{_bench.Base}/kernel", "/proc");
        File.CreateSymbolicLink($"{_bench.Base}/database", "var/lib/dpkg");
        Write("x", "x");

        var error = await Assert.ThrowsAsync<TorchyardException>(() => MakeAsync(new FilesSetting("x", target)));

        Assert.Equal("TY3027", error.Code);
        Assert.EndsWith(why.Split(", which")[0], error.Message.Split(", which")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changed_after_it_was_locked_is_not_taken_and_one_that_was_used_needs_no_project()
    {
        Write("x", "x");
        var locked = _bench.Lock([new FilesSetting("x", "/etc/x")]);
        Write("x", "y");
        var error = await Assert.ThrowsAsync<TorchyardException>(() => _bench.Fetcher().FetchAsync(locked.Files[0], Cancellation));
        Assert.Equal("TY2059", error.Code);
        Assert.Contains("is not what it was when it was locked", error.Message, StringComparison.Ordinal);

        File.Delete(At("x"));
        Assert.Equal(
            "TY2059",
            (await Assert.ThrowsAsync<TorchyardException>(() => _bench.Fetcher().FetchAsync(locked.Files[0], Cancellation))).Code
        );

        Write("x", "x");
        var first = await _bench.MakeAsync(new FilesSource(_bench.Fetcher()), locked);
        File.Delete(At("x"));
        _bench.BaseKey = "other";
        Assert.Equal(first, await _bench.MakeAsync(new FilesSource(_bench.Fetcher()), locked));
    }

    [Fact]
    public async Task Content_mode_target_and_what_is_below_make_another_layer_and_nothing_else_does()
    {
        Write("x", "x");
        var first = await DigestAsync(new FilesSetting("x", "/etc/x"));
        File.SetLastWriteTimeUtc(At("x"), DateTime.UnixEpoch);
        Assert.Equal(first, await DigestAsync(new FilesSetting("./x", "/etc/x")));

        Assert.NotEqual(first, await DigestAsync(new FilesSetting("x", "/etc/y")));
        Assert.NotEqual(first, await DigestAsync(new FilesSetting("x", "/etc/x") { Mode = 0x180 }));
        Directory.CreateDirectory($"{_bench.Base}/usr/etc");
        File.CreateSymbolicLink($"{_bench.Base}/etc", "usr/etc");
        _bench.BaseKey = "with a link";
        Assert.NotEqual(first, await DigestAsync(new FilesSetting("x", "/etc/x")));
    }

    [Fact]
    public async Task A_private_key_is_told()
    {
        Write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
        await MakeAsync(new FilesSetting("id", "/etc/app/id"));
        Assert.Contains(
            "/etc/app/id of the image is a private key, id of the project: whoever has the image has the key",
            _bench.Notes.Lines
        );
    }

    [Fact]
    public void Each_file_has_its_sum_in_the_bill_of_materials_and_a_reason()
    {
        Write("x", "x");
        var locked = _bench.Lock([new FilesSetting("x", "/etc/x")]);
        var source = new FilesSource(null);

        var entry = Assert.Single(source.Software(locked).Packages);
        Assert.Equal(("/etc/x", locked.Files[0].Sha256), (entry.Name, entry.Sha256));
        Assert.Equal("[[files]] of the recipe has x", source.Explain(locked, "/etc/x")!.Facts[0]);
        Assert.NotNull(source.Explain(locked, "x"));
        Assert.Null(source.Explain(locked, "/etc"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string At(string path) => Path.Combine(_bench.Project, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private async Task<string> MakeAsync(params FilesSetting[] files) =>
        Assert.Single(await _bench.MakeAsync(new FilesSource(_bench.Fetcher()), _bench.Lock(files))).Root;

    private async Task<Platform.Digests.Digest> DigestAsync(params FilesSetting[] files) =>
        Assert.Single(await _bench.MakeAsync(new FilesSource(_bench.Fetcher()), _bench.Lock(files))).DiffId;
}
