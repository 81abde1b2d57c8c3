namespace Torchyard.Terminal;

/// <summary>How progress is shown.</summary>
internal enum ProgressStyle
{
    /// <summary>Bars on a terminal, else plain lines.</summary>
    Auto,

    /// <summary>Live bars.</summary>
    Bar,

    /// <summary>Plain lines.</summary>
    Plain,

    /// <summary>Warnings only.</summary>
    None,
}
