using Torchyard.Platform.Errors;
using Torchyard.Trimming.Rules;
using Torchyard.Trimming.Tests.Libraries;

namespace Torchyard.Trimming.Tests.Rules;

public sealed class TrimRuleTests
{
    // Each entry as a word: 80 a cubin, 90a for that chip alone, p80 PTX, x100 with flags that nobody knows; in brackets what stays.
    [Theory]
    [InlineData("sm_80", "[80] 90")]
    [InlineData("sm_90", "80 [90]")]
    [InlineData("sm_86", "75 [80] [86] 89 90")]
    [InlineData("sm_89", "[80] [86] [89] 90 p90")]
    [InlineData("sm_86", "[80] 90 p80 p90")]
    [InlineData("sm_80 sm_90", "70 75 [80] 86 [90] 100 p90")]
    [InlineData("sm_90", "[90] [90a] 80 p90 p90a")]
    [InlineData("sm_100", "90a [100a] [100] 103a")]
    [InlineData("sm_103", "[100] 100a [103a] p100")]
    [InlineData("sm_120", "90 p70 [p90]")]
    [InlineData("sm_90", "80 p70 [p80]")]
    [InlineData("sm_90", "[90a] 80 p80")]
    [InlineData("sm_103", "100a [p90] p75")]
    [InlineData("sm_90", "80 [p90a] [p90] p80")]
    [InlineData("sm_75", "80 p80 90")]
    [InlineData("sm_100", "[x100] p90")]
    [InlineData("sm_103", "[x100] [p100] p90")]
    [InlineData("sm_80 sm_120", "[80] [p90] 90")]
    [InlineData("sm_90", "80 [lto80] [dbg80] [odd80]")]
    [InlineData("sm_90", "[old80] 80")]
    public void What_a_target_could_load_stays_and_nothing_else(string targets, string entries)
    {
        var words = entries.Split(' ');
        var library = TestLibrary.Of([.. words.Select(word => Entry(word.Trim('[', ']')))]).Bytes();
        Trimmed.Try(library, out var result, targets.Split(' '));
        var before = new MemoryImage(library).Entries(TestLibrary.Of([.. words.Select(word => Entry(word.Trim('[', ']')))]).Starts[0]);
        var kept = new MemoryImage(result).Entries(TestLibrary.Of([.. words.Select(word => Entry(word.Trim('[', ']')))]).Starts[0]);
        Assert.Equal(before.Where((_, index) => words[index][0] == '['), kept);
    }

    [Fact]
    public void All_ptx_stays_on_request()
    {
        var entries = new[] { TestEntry.Cubin(80), TestEntry.Cubin(90), TestEntry.Ptx(70), TestEntry.Ptx(90) };
        var library = TestLibrary.Of(entries);
        Trimmed.Try(library.Bytes(), out var result, keepPtx: true, "sm_90");
        Assert.Equal(3, new MemoryImage(result).Entries(library.Starts[0]).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sm_")]
    [InlineData("sm_9")]
    [InlineData("sm_9x")]
    [InlineData("sm_90af")]
    [InlineData("9.0.1")]
    [InlineData("h100")]
    [InlineData("sm_9000")]
    [InlineData("sm_90\n")]
    public void A_name_that_is_not_an_architecture_is_refused(string name)
    {
        var failure = Assert.Throws<TorchyardException>(() => TrimTargets.Of([name]));
        Assert.Equal("TY3081", failure.Code);
        Assert.True(failure.IsUsage);
    }

    [Fact]
    public void Trimming_for_no_gpu_is_refused() =>
        Assert.Equal("TY3081", Assert.Throws<TorchyardException>(() => TrimTargets.Of(Array.Empty<string>())).Code);

    [Theory]
    [InlineData("sm_90", 90)]
    [InlineData("SM_90a", 90)]
    [InlineData("sm_120f", 120)]
    [InlineData("8.6", 86)]
    [InlineData("12.1", 121)]
    public void Architectures_are_read_as_tools_write_them(string name, int number) =>
        Assert.Equal(number, TrimTargets.Of([name]).Architectures[0].Number);

    private static TestEntry Entry(string word)
    {
        var digits = uint.Parse(new string([.. word.Where(char.IsAsciiDigit)]), System.Globalization.CultureInfo.InvariantCulture);
        var flags = word.EndsWith('a') ? 0x108011ul : 0x8011ul;
        return word[0] switch
        {
            'p' => TestEntry.Ptx(digits, flags: flags),
            'x' => TestEntry.Cubin(digits, flags: 0x1008011),
            'l' => TestEntry.Cubin(digits, flags: 0x12011) with { Kind = 8 },
            'd' => TestEntry.Cubin(digits, flags: 0x2013),
            'o' when word[1] == 'd' => TestEntry.Cubin(digits) with { Kind = 0x40 },
            'o' => TestEntry.Cubin(digits) with { Version = 0x100 },
            _ => TestEntry.Cubin(digits, flags: flags),
        };
    }
}
