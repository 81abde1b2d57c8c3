using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Tests.Processes;

/// <summary>Where programs of the machine are looked for.</summary>
public sealed class ProgramFinderTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void The_first_entry_of_PATH_counts()
    {
        var (first, second) = (Program("first/tool"), Program("second/tool"));
        var finder = Finder($"{Path.GetDirectoryName(first)}:{Path.GetDirectoryName(second)}");

        Assert.Equal(first, finder.Find("tool"));
        File.Delete(first);
        Assert.Equal(first, finder.Find("tool"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("::")]
    [InlineData("bin")]
    [InlineData("./bin:../bin:")]
    [InlineData(":/nonexistent:.")]
    public void Relative_and_empty_entries_of_PATH_are_passed_over(string path)
    {
        var finder = Finder(path);

        Assert.Null(finder.Find("torchyard-no-such-tool"));
        Assert.All(finder.SearchPath.Split(':'), directory => Assert.StartsWith("/", directory, StringComparison.Ordinal));
    }

    [Fact]
    public void An_entry_that_others_may_write_is_passed_over_for_one_that_is_safe()
    {
        var (open, safe) = (Program("open/tool"), Program("safe/tool"));
        File.SetUnixFileMode(Path.GetDirectoryName(open)!, Private | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        var finder = Finder($"{Path.GetDirectoryName(open)}:{Path.GetDirectoryName(safe)}");

        Assert.Equal(safe, finder.Find("tool"));
        Assert.DoesNotContain(Path.GetDirectoryName(open)!, finder.SearchPath.Split(':'));
        Assert.Contains(Path.GetDirectoryName(safe)!, finder.SearchPath.Split(':'));
    }

    [Fact]
    public void A_program_that_is_only_where_others_may_write_is_refused_with_the_reason()
    {
        var open = Program("open/tool");
        var directory = Path.GetDirectoryName(open)!;
        File.SetUnixFileMode(directory, Private | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);

        var failure = Assert.Throws<TorchyardException>(() => Finder(directory).Find("tool"));

        Assert.Equal("TY9020", failure.Code);
        Assert.Contains(open, failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"{directory} can be changed by other users (owner {Owner()}, mode 1702)",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("chmod go-w", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void The_systems_directories_are_searched_without_PATH() => Assert.NotNull(Finder("").Find("sh"));

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("./git")]
    [InlineData("bin/git")]
    [InlineData("/bin/sh")]
    public void Only_names_are_looked_for(string name) => Assert.Throws<ArgumentException>(() => Finder("").Find(name));

    [Fact]
    public void A_path_that_is_given_must_be_a_program()
    {
        Assert.Equal("TY9021", Assert.Throws<TorchyardException>(() => HostProgram.At(Path.Combine(_root.Path, "nothing"))).Code);
        var text = Path.Combine(_root.Path, "text");
        File.WriteAllText(text, "");
        Assert.Equal("TY9021", Assert.Throws<TorchyardException>(() => HostProgram.At(text)).Code);
        Assert.Equal("TY9021", Assert.Throws<TorchyardException>(() => HostProgram.Require("torchyard-no-such-tool")).Code);
    }

    private static ProgramFinder Finder(string path) => new(path, FileTrust.OfThisProcess);

    private static string Owner() => UserCalls.EffectiveUser().ToString(null, null);

    private string Program(string name)
    {
        var path = Path.Combine(_root.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, Private);
        File.WriteAllText(path, "#!/bin/sh\n");
        File.SetUnixFileMode(path, Private);
        return path;
    }
}
