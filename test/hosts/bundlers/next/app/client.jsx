'use client';
import { useEffect } from 'react';
import { load } from 'simdconv';
import { options, report } from '../report.js';

export function Client() {
  useEffect(() => {
    report(() => load(options()));
  }, []);
  return null;
}
