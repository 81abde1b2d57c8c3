namespace Torchyard.Terminal;

/// <summary>A way to stress text: select graphic rendition of ECMA-48, 8.3.117.</summary>
/// <param name="Code">SGR parameters.</param>
internal readonly record struct Style(string Code)
{
    public static readonly Style Bold = new("1");
    public static readonly Style Faint = new("2");
    public static readonly Style Red = new("1;31");
    public static readonly Style Green = new("32");
    public static readonly Style Yellow = new("33");
    public static readonly Style Cyan = new("36");

    /// <summary>The text in this style, or as it is where there are no colours.</summary>
    public string Apply(string text, bool colours) => colours ? $"\e[{Code}m{text}\e[0m" : text;
}
