namespace Torchyard.Fuzz.Engine;

/// <summary>A parser of input that somebody else wrote.</summary>
internal abstract class FuzzTarget
{
    /// <summary>Name on the command line and of the directories of seeds and regressions.</summary>
    public abstract string Name { get; }

    /// <summary>What the input is and who can write it.</summary>
    public abstract string Input { get; }

    /// <summary>Words of the format, which mutations put in.</summary>
    public virtual IReadOnlyList<string> Words => [];

    /// <summary>Longest input in bytes.</summary>
    public virtual int LongestInput => 8 * 1024;

    /// <summary>Most bytes that one input may allocate on the managed heap.</summary>
    public virtual long AllocationLimit => 32L << 20;

    /// <summary>Longest time that one input may take.</summary>
    public virtual TimeSpan TimeLimit => TimeSpan.FromSeconds(1);

    /// <summary>Inputs made by code, beside those in files.</summary>
    public virtual IEnumerable<byte[]> Seeds() => [];

    /// <summary>True for an exception other than <see cref="TorchyardException"/> that the parser's documentation names.</summary>
    public virtual bool IsRefusal(Exception failure) => false;

    /// <summary>Makes checksums right, so that mutations get past them; called for most inputs, not all.</summary>
    public virtual void Settle(Span<byte> input) { }

    /// <summary>Parses an input and returns everything that came out; checks what must always hold, round trips for instance.</summary>
    /// <exception cref="BrokenPromiseException">Something that must always hold does not.</exception>
    public abstract object? Parse(byte[] input);

    /// <summary>Fails when something that must always hold does not.</summary>
    protected static void Require(bool holds, string promise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(promise);
        }
    }
}

/// <summary>A parser of text.</summary>
internal abstract class TextTarget : FuzzTarget
{
    public sealed override object? Parse(byte[] input) => Parse(System.Text.Encoding.UTF8.GetString(input));

    /// <summary>As <see cref="FuzzTarget.Parse"/>, with the input as UTF-8.</summary>
    protected abstract object? Parse(string text);
}

/// <summary>A parser returned something that cannot be right.</summary>
internal sealed class BrokenPromiseException(string promise) : Exception(promise);
