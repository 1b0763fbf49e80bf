import { Component, type ReactNode } from "react";

/** What is shown when a view breaks: the rest of the page stays. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <>
        <h1>This view broke</h1>
        <p role="alert" className="error">
          {error.message}. What was sent is on the chain, and nothing more was sent by this; load the page anew.
        </p>
      </>
    );
  }
}
