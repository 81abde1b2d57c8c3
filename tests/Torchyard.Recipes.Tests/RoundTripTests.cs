using System.Text;
using CsCheck;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;

namespace Torchyard.Recipes.Tests;

public sealed class RoundTripTests
{
    [Fact]
    public void What_is_written_of_a_recipe_reads_back_the_same() =>
        Samples.Recipes.Sample(recipe =>
        {
            var text = RecipeText.Write(recipe);
            Assert.Equal(text, RecipeText.Write(RecipeReader.Read(Encoding.UTF8.GetBytes(text), "r.toml")));
        });

    [Fact]
    public void What_is_written_of_a_lock_reads_back_the_same() =>
        Samples.Locks.Sample(
            locked =>
            {
                var text = LockText.Write(locked);
                var read = LockReader.Read(Encoding.UTF8.GetBytes(text), "torchyard.lock");
                Assert.Equal(text, LockText.Write(read));
                Assert.Equal(locked.Packages, read.Packages);
                Assert.Equal(locked.Tools, read.Tools);
            },
            iter: 300
        );

    [Fact]
    public void A_lock_that_git_gave_other_line_ends_reads_back_the_same() =>
        Samples.Locks.Sample(
            locked =>
            {
                var text = LockText.Write(locked);
                var read = LockReader.Read(
                    Encoding.UTF8.GetBytes("\uFEFF" + text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n"),
                    "torchyard.lock"
                );
                Assert.Equal(text, LockText.Write(read));
            },
            iter: 100
        );

    [Fact]
    public void A_recipe_that_git_gave_other_line_ends_reads_back_the_same() =>
        Samples.Recipes.Sample(
            recipe =>
            {
                var text = RecipeText.Write(recipe);
                var read = RecipeReader.Read(
                    Encoding.UTF8.GetBytes("\uFEFF" + text.Replace("\n", "\r\n", StringComparison.Ordinal)),
                    "torchyard.toml"
                );
                Assert.Equal(text, RecipeText.Write(read));
            },
            iter: 100
        );

    [Fact]
    public void A_changed_byte_below_the_checksum_is_noticed_or_the_lock_is_refused() =>
        Gen.Select(Samples.Locks, Gen.Double[0, 1], Gen.Char[' ', '~'])
            .Sample(
                (locked, place, letter) =>
                {
                    var text = LockText.Write(locked).ToCharArray();
                    var start = new string(text).IndexOf("recipe-digest", StringComparison.Ordinal);
                    // But for the line feed at the end, which an editor may leave out.
                    var at = start + (int)(place * (text.Length - start - 2));
                    if (text[at] != letter)
                    {
                        text[at] = letter;
                        var error = Assert.Throws<TorchyardException>(() =>
                            LockReader.Read(Encoding.UTF8.GetBytes(text), "torchyard.lock")
                        );
                        Assert.StartsWith("TY10", error.Code, StringComparison.Ordinal);
                    }
                },
                iter: 300
            );
}
