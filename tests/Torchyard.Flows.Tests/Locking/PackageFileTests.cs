using Torchyard.Flows.Adding;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Sources;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Loopback;

namespace Torchyard.Flows.Tests.Locking;

/// <summary>Packages that are files of the project.</summary>
public sealed class PackageFileTests : IDisposable
{
    private const string Path = "./vendor/mytool_1.2_all.deb";

    private readonly LoopbackProject _project = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task A_file_becomes_a_locked_package_and_what_it_needs_comes_from_the_archives()
    {
        var file = Put(Path, "Depends: other (>= 1), tool");
        _project.WriteRecipe("tool", Path);

        await LockAsync();

        var locked = Read();
        Assert.Equal(["base=1", "libbase=2", "mytool=1.2", "other=1", "tool=1"], Versions(locked));
        var mine = locked.Packages.Single(package => package.Name == "mytool");
        Assert.Equal((null, Path, "mytool_1.2_all.deb"), (mine.Archive, mine.Path, mine.Filename));
        Assert.Equal((file.Length, Digest.Of(file), true), ((int)mine.Size, mine.Sha256, mine.Requested));
        Assert.Contains(
            $"path = \"{Path}\"\nsize = {file.Length}\nsha256 = \"{Digest.Of(file).Hex}\"\n",
            File.ReadAllText(_project.LockFile),
            StringComparison.Ordinal
        );
        Assert.True((await new LockFlow(_project.Host).CheckAsync(Request(), Cancellation)).Fits);
    }

    [Fact]
    public async Task It_stands_in_the_place_of_an_archives_package_of_its_name_whatever_the_version()
    {
        _project.Archive.Add("mytool", "9");
        _project.Archive.Add("needs-mytool", "1", "Depends: mytool");
        _project.Archive.Publish();
        Put(Path);
        _project.WriteRecipe("needs-mytool", Path);

        await LockAsync();

        Assert.Contains("mytool=1.2", Versions(Read()));
    }

    [Fact]
    public async Task What_no_archive_has_for_it_is_told_with_its_path()
    {
        Put(Path, "Depends: libnowhere (>= 3)");
        _project.WriteRecipe(Path);

        var refusal = await RefusalAsync();

        Assert.Equal("TY2042", refusal.Code);
        Assert.Contains(
            $"mytool 1.2 ({Path}) needs libnowhere (>= 3), but no archive of the recipe has it",
            refusal.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_changed_file_makes_the_lock_out_of_date_and_locking_again_takes_it()
    {
        Put(Path);
        _project.WriteRecipe("tool", Path);
        await LockAsync();
        var before = Read();

        var file = Put(Path, content: "other bytes");

        var check = await new LockFlow(_project.Host).CheckAsync(Request(), Cancellation);
        Assert.False(check.Fits);
        var outcome = await LockAsync();
        Assert.Equal(Digest.Of(file), Read().Packages.Single(package => package.Name == "mytool").Sha256);
        Assert.Equal("mytool", Assert.Single(Assert.Single(outcome.Locks).Changes).Name);
        Assert.Equal(before.Archives[0].ReleaseDigest, Read().Archives[0].ReleaseDigest);
    }

    [Fact]
    public async Task A_build_takes_the_copy_that_was_locked_and_the_file_only_while_it_is_the_same()
    {
        Put(Path);
        _project.WriteRecipe(Path);
        await LockAsync();
        var locked = Read();
        var mine = locked.Packages.Single(package => package.Name == "mytool");
        Put(Path, content: "other bytes");

        var copy = await FetchAsync(locked, mine);
        Assert.Equal(mine.Sha256, Digest.Of(await File.ReadAllBytesAsync(copy, Cancellation)));

        File.Delete(copy);
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => FetchAsync(locked, mine));
        Assert.Equal("TY2072", refusal.Code);
        Assert.StartsWith($"{Path} is not the file that the lock has of mytool 1.2", refusal.Message, StringComparison.Ordinal);

        Put(Path);
        Assert.Equal(copy, await FetchAsync(locked, mine));
    }

    [Theory]
    [InlineData("another architecture", "TY2074", "is for arm64, and the image is for amd64")]
    [InlineData("cut", "TY2071", "cannot be used as a package")]
    [InlineData("text", "TY2071", "cannot be used as a package")]
    [InlineData("no version", "TY2071", "its control file has no Version")]
    [InlineData("bad relation", "TY2071", "its control file is malformed")]
    [InlineData("twice", "TY2073", "are both the package mytool")]
    [InlineData("missing", "TY1012", "cannot be read")]
    [InlineData("fifo", "TY1012", "cannot be read")]
    [InlineData("directory", "TY1012", "cannot be read")]
    public async Task What_cannot_be_taken_is_told_with_its_place_in_the_recipe(string what, string code, string words)
    {
        var full = _project.Test.PathOf(Path);
        var good = Put(Path);
        switch (what)
        {
            case "another architecture":
                Put(Path, architecture: "arm64");
                break;
            case "cut":
                File.WriteAllBytes(full, good[..^100]);
                break;
            case "text":
                File.WriteAllText(full, "<html>log in first</html>");
                break;
            case "no version":
                File.WriteAllBytes(full, TestPackage.Make("mytool", "one.two"));
                break;
            case "bad relation":
                Put(Path, "Depends: a | , (b");
                break;
            case "twice":
                Put("./mytool.deb");
                break;
            default:
                File.Delete(full);
                if (what == "fifo")
                {
                    Fifo.Make(full);
                }
                else if (what == "directory")
                {
                    Directory.CreateDirectory(full);
                }

                break;
        }

        _project.WriteRecipe(what == "twice" ? ["./mytool.deb", Path] : ["tool", Path]);

        var refusal = await RefusalAsync();

        Assert.Equal(code, refusal.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.Equal((2, what == "twice" ? 29 : 21), (refusal.Location?.Line, refusal.Location?.Column));
        Assert.False(File.Exists(_project.LockFile));
    }

    [Fact]
    public async Task One_outside_the_project_is_asked_about_first_also_behind_a_link()
    {
        var outside = System.IO.Path.Combine(_project.Test.Directory, "outside.deb");
        File.WriteAllBytes(outside, TestPackage.Make("mytool", "1.2"));
        Directory.CreateDirectory(_project.Test.PathOf("vendor"));
        File.CreateSymbolicLink(_project.Test.PathOf(Path), outside);
        _project.WriteRecipe(Path);

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new LockFlow(_project.Host).RunAsync(new LockRequest { Options = LockOptions.None }, Cancellation)
        );

        Assert.Equal("TY1040", refusal.Code);
        Assert.Contains($"read the file {outside}", refusal.Message, StringComparison.Ordinal);
        await LockAsync();
        Assert.Contains("mytool=1.2", Versions(Read()));
    }

    [Fact]
    public async Task Offline_a_file_needs_no_network()
    {
        await LockAsync();
        Put(Path);
        _project.WriteRecipe("tool", Path);
        var asked = _project.Archive.Server.Requests.Count;

        await LockAsync(new LockOptions { Offline = true });

        Assert.Contains("mytool=1.2", Versions(Read()));
        Assert.Equal(asked, _project.Archive.Server.Requests.Count);
    }

    [Fact]
    public async Task It_is_added_and_removed_by_its_path_or_name()
    {
        Put(Path);

        var outcome = await new AddFlow(_project.Host).RunAsync(
            new EditRequest { Packages = ["vendor/mytool_1.2_all.deb"], Trust = true },
            Cancellation
        );

        Assert.Equal(["-packages = [\"tool\"]", $"+packages = [\"tool\", \"{Path}\"]"], outcome.Lines);
        Assert.Contains("mytool=1.2", Versions(Read()));
        await new RemoveFlow(_project.Host).RunAsync(new EditRequest { Packages = ["mytool"], Trust = true }, Cancellation);
        Assert.DoesNotContain("mytool=1.2", Versions(Read()));
        await new AddFlow(_project.Host).RunAsync(new EditRequest { Packages = [Path], Trust = true }, Cancellation);
        await new RemoveFlow(_project.Host).RunAsync(new EditRequest { Packages = [Path], Trust = true }, Cancellation);
        Assert.Contains("packages = [\"tool\"]", _project.Test.Read("torchyard.toml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_by_url_is_answered_with_what_to_write()
    {
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new AddFlow(_project.Host).RunAsync(
                new EditRequest { Packages = ["https://x.example/mytool_1.2_all.deb"], Trust = true },
                Cancellation
            )
        );

        Assert.Equal("TY1055", refusal.Code);
        Assert.Contains("torchyard add ./vendor/FILE.deb", refusal.Cure, StringComparison.Ordinal);
    }

    private byte[] Put(string path, string fields = "", string architecture = "all", string? content = null)
    {
        var deb = TestPackage.Make("mytool", "1.2", fields, architecture, content);
        var full = _project.Test.PathOf(path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, deb);
        return deb;
    }

    private async Task<string> FetchAsync(RecipeLock locked, LockedDebianPackage package)
    {
        var source = await new RecipeGate(_project.Host, allow: true).OpenAsync(
            RecipeChoice.Find(_project.Host, named: null, torch: null),
            Cancellation
        );
        using var packages = DebianSources.Open(_project.Host, source.Files);
        return await packages.CreateFetcher().Fetch(locked, [package], Cancellation)[package];
    }

    private RecipeLock Read() => LockReader.ReadFile(_project.LockFile);

    private static LockRequest Request(LockOptions? options = null) => new() { Trust = true, Options = options ?? LockOptions.None };

    private Task<LockOutcome> LockAsync(LockOptions? options = null) =>
        new LockFlow(_project.Host).RunAsync(Request(options), Cancellation);

    private Task<TorchyardException> RefusalAsync() => Assert.ThrowsAsync<TorchyardException>(() => LockAsync());

    private static IEnumerable<string> Versions(RecipeLock locked) =>
        locked.Packages.Select(package => $"{package.Name}={package.Version}");
}
