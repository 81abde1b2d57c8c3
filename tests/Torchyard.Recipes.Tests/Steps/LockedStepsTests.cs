using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Recipes.Tests.Steps;

/// <summary>Files of the project and commands in a lock, and what makes it out of date.</summary>
public sealed class LockedStepsTests : IDisposable
{
    private const string Recipe = """
        name = "x"
        packages = ["bash"]
        [base]
        suite = "trixie"
        [[files]]
        source = "./app.toml"
        target = "/etc/app.toml"
        [[files]]
        source = "tools"
        target = "/opt"
        [[run]]
        command = "make"
        """;

    private readonly TemporaryDirectory _root = new();

    public LockedStepsTests()
    {
        Write("torchyard.toml", Recipe);
        Write("app.toml", "a = 1\n");
        Write("tools/b", "b");
        Write("tools/a", "a");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Files_are_locked_one_by_one_in_the_order_of_the_recipe()
    {
        var locked = Lock();

        Assert.Equal(
            [("./app.toml", "/etc/app.toml", "0644"), ("tools/a", "/opt/a", "0644"), ("tools/b", "/opt/b", "0644")],
            locked.Files.Select(file => (file.Source, file.Target, FilesSetting.Text(file.Mode)))
        );
        Assert.Equal((Digest.Of("a = 1\n"u8), 6L), (locked.Files[0].Sha256, locked.Files[0].Size));
        Assert.Equal(locked.Files, LockReader.Read(Encoding.UTF8.GetBytes(LockText.Write(locked)), "l").Files);
    }

    [Fact]
    public void A_changed_file_is_named_by_the_lock_that_does_not_fit_any_more()
    {
        var locked = Lock();
        LockFit.Require(locked, Source(), "torchyard.lock");
        Write("app.toml", "a = 2\n");
        Write("tools/c", "c");
        File.Delete(At("tools/b"));

        var error = Assert.Throws<TorchyardException>(() => LockFit.Require(locked, Source(), "torchyard.lock"));

        Assert.Equal("TY1023", error.Code);
        Assert.EndsWith("./app.toml changed; tools/c is new; tools/b is not there any more", error.Message, StringComparison.Ordinal);
        Assert.True(LockFit.FitsButForSteps(locked, Source()));
    }

    [Fact]
    public void A_file_that_may_be_started_now_is_another_one()
    {
        var locked = Lock();
        File.SetUnixFileMode(At("tools/a"), (UnixFileMode)0x1C0);

        Assert.False(LockFit.Fits(locked, Source()));
        Assert.Equal("0755", FilesSetting.Text(Lock().Files[1].Mode));
    }

    [Theory]
    [InlineData("command = \"make\"", "command = \"make install\"", true)]
    [InlineData("target = \"/opt\"", "target = \"/opt/tools\"\nmode = \"0600\"", true)]
    [InlineData("packages = [\"bash\"]", "packages = [\"bash\", \"git\"]", false)]
    public void Only_files_and_commands_are_locked_without_asking_an_archive(string old, string now, bool isThat)
    {
        var locked = Lock();
        Write("torchyard.toml", Recipe.Replace(old, now, StringComparison.Ordinal));

        Assert.False(LockFit.Fits(locked, Source()));
        Assert.Equal(isThat, LockFit.FitsButForSteps(locked, Source()));
        Assert.NotEmpty(LockFit.Differences(locked, Source()));
    }

    [Fact]
    public void What_changed_is_among_the_changes_of_a_lock()
    {
        var before = Lock();
        Write("app.toml", "a = 2\n");
        Write("torchyard.toml", Recipe.Replace("\"make\"", "\"make install\"", StringComparison.Ordinal));

        Assert.Equal(
            ["/etc/app.toml (file)", "make (run)", "make install (run)"],
            LockChanges.Between(before, Lock()).Select(change => change.Name)
        );
    }

    [Fact]
    public void Two_sources_for_one_place_are_refused()
    {
        Write("torchyard.toml", Recipe.Replace("\"/etc/app.toml\"", "\"/opt/a\"", StringComparison.Ordinal));
        var error = Assert.Throws<TorchyardException>(Lock);
        Assert.Equal("TY1018", error.Code);
        Assert.Contains("./app.toml and tools/a would both be at /opt/a", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_a_directory_that_would_be_in_a_place_of_the_systems_is_refused()
    {
        Write("tools/var/lib/dpkg/status", "");
        Write("torchyard.toml", Recipe.Replace("\"/opt\"", "\"/\"", StringComparison.Ordinal));
        Assert.Contains("would be at /var/lib/dpkg/status", Assert.Throws<TorchyardException>(Lock).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("target = \"/opt/a\"", "target = \"/opt/../etc/shadow\"")]
    [InlineData("target = \"/opt/a\"", "target = \"/proc/a\"")]
    [InlineData("target = \"/opt/a\"", "target = \"/opt/b\"")]
    [InlineData("target = \"/opt/a\"", "target = \"opt/a\"")]
    [InlineData("mode = \"0644\"", "mode = \"4755\"")]
    [InlineData("mode = \"0644\"", "mode = \"07777777777777777777777\"")]
    public void A_lock_that_was_made_by_hand_puts_no_file_anywhere_else(string old, string now)
    {
        var text = LockText.Write(Lock());
        text = text.Replace(old, now, StringComparison.Ordinal);
        var body = text.IndexOf('\n', text.IndexOf("checksum = ", StringComparison.Ordinal)) + 1;
        var head = text[..text.IndexOf("checksum = ", StringComparison.Ordinal)];
        text = $"{head}checksum = \"{Digest.Of(Encoding.UTF8.GetBytes(text[body..]))}\"\n{text[body..]}";

        Assert.Equal("TY1021", Assert.Throws<TorchyardException>(() => LockReader.Read(Encoding.UTF8.GetBytes(text), "l")).Code);
    }

    [Fact]
    public void A_recipe_without_them_has_the_lock_and_the_digest_that_it_always_had()
    {
        Write("torchyard.toml", Recipe[..Recipe.IndexOf("[[files]]", StringComparison.Ordinal)]);
        var text = LockText.Write(Lock());
        Assert.DoesNotContain("file", text[(text.IndexOf("[recipe]", StringComparison.Ordinal))..], StringComparison.Ordinal);
        Assert.DoesNotContain("run", text[(text.IndexOf("[recipe]", StringComparison.Ordinal))..], StringComparison.Ordinal);
        Assert.Equal("sha256:8b19e19e60031cf7aac0abec108bbbbdb28e605fa5fdcf6313f1dc19af9d09ef", RecipeDigest.Of(Source()).ToString());
    }

    [Fact]
    public void The_difference_of_two_recipes_has_each_file_and_command()
    {
        var before = Source().Recipe;
        Write("torchyard.toml", Recipe.Replace("\"/opt\"", "\"/srv\"", StringComparison.Ordinal) + "\nenvironment = { A = \"b\" }\n");

        Assert.Equal(
            [
                "files: { source = \"tools\", target = \"/srv\" } added, { source = \"tools\", target = \"/opt\" } removed",
                "run: { command = [\"/bin/sh\", \"-ec\", \"make\"], environment = { A = \"b\" } } added, "
                    + "{ command = [\"/bin/sh\", \"-ec\", \"make\"] } removed",
            ],
            RecipeDifferences.Between(before, Source().Recipe).Select(difference => difference.Text)
        );
    }

    private string At(string path) => Path.Combine(_root.Path, path);

    private void Write(string path, string text) => _root.Write(path, text);

    private RecipeSource Source() => RecipeSource.Find(null, _root.Path);

    private RecipeLock Lock()
    {
        var source = Source();
        return new()
        {
            RecipeDigest = RecipeDigest.Of(source),
            Recipe = source.Recipe,
            SourceDateEpoch = 1_767_323_045,
            Archives = [],
            Packages = [],
            Files = LockedProjectFile.Of(source.Recipe, source.Files),
            Tools = new LockedTools(1, Digest.Of("x"u8), "libzstd 1.5.7"),
        };
    }
}
