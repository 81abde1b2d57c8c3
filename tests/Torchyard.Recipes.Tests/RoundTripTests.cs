using System.Text;
using CsCheck;
using Torchyard.Platform;

namespace Torchyard.Recipes.Tests;

public sealed class RoundTripTests
{
    [Fact]
    public void What_is_written_of_a_recipe_reads_back_the_same() => Samples.Recipes.Sample(recipe =>
    {
        var text = RecipeText.Write(recipe);
        Assert.Equal(text, RecipeText.Write(RecipeReader.Read(Encoding.UTF8.GetBytes(text), "r.toml")));
    });

    [Fact]
    public void What_is_written_of_a_lock_reads_back_the_same() => Samples.Locks.Sample(locked =>
    {
        var text = LockText.Write(locked);
        var read = LockReader.Read(Encoding.UTF8.GetBytes(text), "torchyard.lock");
        Assert.Equal(text, LockText.Write(read));
        Assert.Equal(locked.Packages, read.Packages);
        Assert.Equal(locked.Tools, read.Tools);
    }, iter: 300);

    [Fact]
    public void A_changed_byte_below_the_checksum_is_noticed_or_the_lock_is_refused() =>
        Gen.Select(Samples.Locks, Gen.Double[0, 1], Gen.Char[' ', '~']).Sample((locked, place, letter) =>
        {
            var text = LockText.Write(locked).ToCharArray();
            var start = new string(text).IndexOf("recipe-digest", StringComparison.Ordinal);
            var at = start + (int)(place * (text.Length - start - 1));
            if (text[at] != letter)
            {
                text[at] = letter;
                var error = Assert.Throws<TorchyardException>(() => LockReader.Read(Encoding.UTF8.GetBytes(text), "torchyard.lock"));
                Assert.StartsWith("TY10", error.Code, StringComparison.Ordinal);
            }
        }, iter: 300);
}
