using System.Text.RegularExpressions;

namespace Torchyard.Platform.Tests.Streams;

public partial class ForeignDescriptorTests
{
    // The analyser forbids the console (eng/BannedSymbols.txt). What is left are handles of descriptors that somebody else owns, and their
    // files' names.
    [GeneratedRegex(@"ownsHandle:\s*false|Safe(File|Pipe)Handle\([^)]*,\s*false\)|/dev/std(in|out|err)|/dev/fd/|/proc/self/fd/[012]\b")]
    private static partial Regex Foreign { get; }

    [Fact]
    public void No_stream_of_the_base_library_is_made_over_a_descriptor_of_the_caller()
    {
        var found = SourceTree
            .Files("src")
            .Where(file => Foreign.IsMatch(SourceTree.Read(file)))
            // Refuses these names as places of mounts.
            .Except(["src/Torchyard.Containers/Requests/MountTargets.cs"]);

        // A FileStream would keep an offset of its own: DescriptorInputStream and DescriptorOutputStream are for those.
        Assert.Empty(found);
    }
}
