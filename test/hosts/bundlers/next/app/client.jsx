'use client';
import { useEffect } from 'react';
import { load } from 'simdconv';
import { filters } from 'simdconv/image';
import { options, report } from '../report.js';

export function Client() {
  useEffect(() => {
    report(() => load(options()), filters);
  }, []);
  return null;
}
