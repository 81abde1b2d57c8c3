using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.CommandLine;
using Torchyard.Commands;

namespace Torchyard.Tests.Commands;

/// <summary>Recipes of somebody else, as far as the command line goes without building anything.</summary>
public sealed partial class TrustCommandTests
{
    // Nothing of it can be locked, so a verb that comes past the question fails with another code at once, without a network.
    private const string Recipe =
        "name = \"x\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n[python]\npackages = [\"git+ext::sh\"]\n";
    private const string Mount = "[[mounts]]\nsource = \"/srv/secrets\"\ntarget = \"/mnt/s\"\n";

    private static readonly string[] Locked = ["lock", "--check"];

    [Fact]
    public async Task Every_verb_that_takes_a_recipe_refuses_it_without_a_terminal_until_it_is_allowed()
    {
        var verbs = CommandTree
            .Build(new GlobalOptions())
            .Subcommands.Where(verb => verb.Arguments.Any(argument => argument.Name == "recipe"))
            .Select(verb => verb.Name)
            .ToList();
        Assert.Equal(["up", "lock", "build"], verbs);
        foreach (var verb in verbs)
        {
            using var run = new CommandRun();
            run.Write("torchyard.toml", Good(Mount));
            Assert.Equal(2, await run.RunAsync(verb));
            Assert.Contains(
                "error TY1040: torchyard.toml wants more of this machine than its own directory:\n  mount /srv/secrets, writable   "
                    + "(mounts: /mnt/s)\n",
                run.Error,
                StringComparison.Ordinal
            );
            Assert.Contains(
                "cure: if you know who wrote it and want that, allow it: torchyard trust "
                    + "torchyard.toml (remembered), or --trust (this once)",
                run.Error,
                StringComparison.Ordinal
            );
            Assert.Empty(run.Output);
            Assert.False(Directory.Exists(run.PathOf("store")), "something was done before anybody was asked");
        }
    }

    [Fact]
    public async Task The_Tab_key_offers_what_the_caller_allowed()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Good(Mount));
        Assert.Equal(0, await run.RunAsync("trust", "torchyard.toml"));

        await run.RunAsync("complete", "--", $"torchyard trust {run.Directory[..4]}");

        Assert.Equal($"{run.PathOf("torchyard.toml")}\n", run.Output);
    }

    [Fact]
    public void No_other_code_of_the_program_reads_recipes_or_locks()
    {
        var root = SourceTree.Root;
        string[] allowed =
        [
            "src/Torchyard.Flows/Trust/RecipeGate.cs",
            "src/Torchyard.Flows/Locks/LockPlace.cs",
            "src/Torchyard.Flows/Fitting/RecipeChoice.cs",
        ];
        // They read a recipe or lock to show it or to compare it, and do nothing that it says.
        string[] showing =
        [
            "src/Torchyard/Commands/WhyCommand.cs",
            "src/Torchyard.Flows/Locking/LockFlow.cs",
            "src/Torchyard.Flows/Jobs/SubmitFlow.cs",
            "src/Torchyard.Flows/Adding/RemovablePackages.cs",
        ];
        string[] projects = ["src/Torchyard", "src/Torchyard.Flows"];
        var readers = projects
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(root, project), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && Reads().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(root, file))
            .Order(StringComparer.Ordinal);
        Assert.Equal(allowed.Concat(showing).Order(StringComparer.Ordinal), readers);
    }

    [Fact]
    public async Task Trust_on_the_command_line_holds_once_and_says_what_it_allows()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Good(Mount));
        Assert.Equal(1, await run.RunAsync([.. Locked, "--trust"]));
        Assert.Contains("torchyard.toml is allowed to mount /srv/secrets, writable", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, await run.RunAsync(Locked));
        Assert.Contains("TY1040", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_it_asks_and_no_is_the_default()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Good(Mount));
        foreach (var answer in new[] { "", "\n", "n\n", "maybe\n" })
        {
            run.Answers = answer;
            Assert.Equal(1, await run.RunAsync(Locked));
            Assert.Contains("  mount /srv/secrets, writable   (mounts: /mnt/s)\nAllow this? [y/N] ", run.Error, StringComparison.Ordinal);
            Assert.Contains("TY1041", run.Error, StringComparison.Ordinal);
        }

        run.Answers = "y\n";
        await run.RunAsync(Locked);
        Assert.DoesNotContain("TY104", run.Error, StringComparison.Ordinal);

        // Allowed is allowed, also where nobody can be asked, and for every harmless change.
        run.Answers = null;
        run.Write("torchyard.toml", Good(Mount.Replace("/mnt/s", "/mnt/other", StringComparison.Ordinal) + "[limits]\ncpus = 2\n"));
        Assert.Equal(1, await run.RunAsync(Locked));
        Assert.Contains("there is no lock", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_wish_asks_again_and_is_the_only_one_shown()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Good(Mount));
        Assert.Equal(0, await run.RunAsync("trust", "."));
        run.Write("torchyard.toml", Good(Mount + "[services.jupyter]\nlisten = \"0.0.0.0\"\n"));
        Assert.Equal(2, await run.RunAsync(Locked));
        Assert.Contains(
            "and more than you allowed before:\n  + let other machines reach jupyter on 0.0.0.0, port 8888   (services.jupyter.listen)\n",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("/srv/secrets", run.Error, StringComparison.Ordinal);

        // The same directory, now to be written to, is another wish.
        run.Write("torchyard.toml", Good(Mount + "read-only = true\n"));
        Assert.Equal(2, await run.RunAsync(Locked));
        Assert.Contains("+ mount /srv/secrets, read-only", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_is_put_into_the_project_is_a_new_wish_of_presets_too()
    {
        using var run = new CommandRun();
        File.CreateSymbolicLink(run.PathOf("data"), "/srv/secrets");
        Assert.Equal(2, await run.RunAsync("lock", "--check", "cpu"));
        Assert.Contains(
            "cpu wants more of this machine than its own directory:\n  mount /srv/secrets, writable",
            run.Error,
            StringComparison.Ordinal
        );
        File.Delete(run.PathOf("data"));
        await run.RunAsync("lock", "--check", "cpu");
        Assert.DoesNotContain("TY1040", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_to_a_recipe_that_was_allowed_something_brings_nothing_of_that_along()
    {
        using var run = new CommandRun();
        Directory.CreateDirectory(run.PathOf("mine"));
        Directory.CreateDirectory(run.PathOf("evil"));
        File.WriteAllText(run.PathOf("mine/torchyard.toml"), Good(Mount));
        Assert.Equal(0, await run.RunAsync("trust", "mine"));
        File.CreateSymbolicLink(run.PathOf("evil/torchyard.toml"), "../mine/torchyard.toml");
        Assert.Equal(2, await run.RunAsync("lock", "--check", "evil"));
        Assert.Contains("TY1040", run.Error, StringComparison.Ordinal);
        Directory.CreateSymbolicLink(run.PathOf("also-mine"), "mine");
        Assert.Equal(1, await run.RunAsync("lock", "--check", "also-mine"));
    }

    [Fact]
    public async Task What_was_allowed_is_listed_and_revoked()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("trust"));
        Assert.Equal("no recipe was allowed anything beyond its directory\n", run.Output);
        run.Write("torchyard.toml", Good(""));
        Assert.Equal(0, await run.RunAsync("trust", "."));
        Assert.Equal(". wants nothing beyond its directory: there is nothing to allow\n", run.Output);
        run.Write("torchyard.toml", Good(Mount));
        Assert.Equal(0, await run.RunAsync("trust", "torchyard.toml"));
        Assert.Contains("  mount /srv/secrets, writable\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await run.RunAsync("trust", "list", "--json"));
        using (var document = JsonDocument.Parse(run.Output))
        {
            var recipe = Assert.Single(document.RootElement.GetProperty("recipes").EnumerateArray());
            Assert.EndsWith("/torchyard.toml", recipe.GetProperty("recipe").GetString(), StringComparison.Ordinal);
            var wish = Assert.Single(recipe.GetProperty("wishes").EnumerateArray());
            Assert.Equal(
                ("mount", "/srv/secrets", "writable"),
                (wish.GetProperty("kind").GetString(), wish.GetProperty("what").GetString(), wish.GetProperty("detail").GetString())
            );
        }

        // Also when the recipe itself is gone.
        File.Delete(run.PathOf("torchyard.toml"));
        Assert.Equal(0, await run.RunAsync("trust", "revoke", "."));
        Assert.Contains("will ask again", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, await run.RunAsync("trust", "revoke", "."));
        Assert.Contains("TY1046", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, await run.RunAsync("trust", "revoke", "--all"));
        Assert.Equal(2, await run.RunAsync("trust", "revoke"));
        Assert.Equal(2, await run.RunAsync("trust", "one", "two"));
    }

    [Fact]
    public async Task The_record_is_the_users_alone_and_one_that_others_can_write_or_changed_counts_for_nothing()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Good(Mount));
        Assert.Equal(0, await run.RunAsync("trust", "."));
        var directory = run.PathOf("home/.local/state/torchyard/trust");
        var record = Assert.Single(Directory.GetFiles(directory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(record));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));

        var text = await File.ReadAllTextAsync(record, TestContext.Current.CancellationToken);
        foreach (
            var damaged in new[]
            {
                text.Replace("/srv/secrets", "/srv/other", StringComparison.Ordinal),
                text[..^20],
                "{}",
                "[]",
                "null",
                "",
            }
        )
        {
            await File.WriteAllTextAsync(record, damaged, TestContext.Current.CancellationToken);
            Assert.Equal(2, await run.RunAsync(Locked));
            Assert.Contains("TY1040", run.Error, StringComparison.Ordinal);
            Assert.Equal(0, await run.RunAsync("trust", "list"));
        }

        await File.WriteAllTextAsync(record, text, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(record, (UnixFileMode)0b110_110_110);
        Assert.Equal(2, await run.RunAsync(Locked));
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_111_111);
        Assert.Equal(1, await run.RunAsync(Locked));
        Assert.Contains("TY1044", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_variables_nor_files_of_the_user_go_to_an_index_of_the_recipe()
    {
        using var run = new CommandRun();
        run.Set("HF_TOKEN", "hf_from_the_environment");
        run.Write("token", "hf_AbCdEf\n");
        Directory.CreateDirectory(run.PathOf("clone"));
        File.WriteAllText(run.PathOf("clone/torchyard.toml"), Good("[python]\nindexes = [\"http://127.0.0.1:9/${HF_TOKEN}/simple/\"]\n"));
        Assert.Equal(2, await run.RunAsync("lock", "clone", "--trust"));
        Assert.Contains("TY1042", run.Error, StringComparison.Ordinal);
        Assert.Contains(
            "  6 | indexes = [\"http://127.0.0.1:9/${HF_TOKEN}/simple/\"]\n    |            ^\n",
            run.Error,
            StringComparison.Ordinal
        );

        File.WriteAllText(run.PathOf("clone/torchyard.toml"), Good("[python]\nrequirements = [\"../token\", \"reqs.txt\"]\n"));
        File.WriteAllText(run.PathOf("clone/reqs.txt"), "--index-url http://u:${HF_TOKEN}@127.0.0.1:9/simple/\n");
        Assert.Equal(2, await run.RunAsync("lock", "clone"));
        Assert.Contains("/token   (../token)\n", run.Error, StringComparison.Ordinal);
        Assert.Contains("  send your environment variable HF_TOKEN to 127.0.0.1:9   (reqs.txt:1)\n", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_by_itself_is_asked_for_what_it_wants()
    {
        using var run = new CommandRun();
        run.Write(
            "other.lock",
            Torchyard.Recipes.Locks.LockText.Write(
                new Torchyard.Recipes.Locks.RecipeLock
                {
                    RecipeDigest = Torchyard.Platform.Digests.Digest.Of("r"u8),
                    Recipe = new Torchyard.Recipes.Settings.Recipe
                    {
                        Name = "x",
                        Base = new Torchyard.Recipes.Settings.DebianBase { Suite = "trixie", Mirrors = ["http://evil.example/debian"] },
                    },
                    SourceDateEpoch = 1,
                    Archives = [],
                    Packages = [],
                    Tools = new Torchyard.Recipes.Locks.LockedTools(1, Torchyard.Platform.Digests.Digest.Of("s"u8), "libzstd 1.5.7"),
                }
            )
        );
        Assert.Equal(2, await run.RunAsync("build", "other.lock"));
        Assert.Contains("take Debian packages from http://evil.example/debian/", run.Error, StringComparison.Ordinal);
    }

    private static string Good(string rest) => Recipe[..Recipe.IndexOf("[python]", StringComparison.Ordinal)] + rest;

    [GeneratedRegex(@"RecipeSource\.(Find|FromPreset)\(|RecipeReader\.Read|LockReader\.Read")]
    private static partial Regex Reads();
}
